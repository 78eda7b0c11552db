//! The whole cluster from outside, one behaviour a file.

mod layering;
