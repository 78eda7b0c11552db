//! Everybody who watches the packets.

use crate::{
    net::{Event, Place, Tap},
    time::Instant,
    trace::{Capture, Digest, Passages, Recorder},
};

/// What sees every packet: the digest always, the recorder within its bounds, a capture if there is one.
#[derive(Debug)]
pub(super) struct Taps {
    pub(super) digest: Digest,
    pub(super) recorder: Recorder,
    /// Shown the packets at routers by the fabric, since a router's tap sees events only.
    pub(super) passages: Passages,
    pub(super) capture: Option<Capture>,
}

impl Taps {
    /// A packet that was shown by [`Tap::frame`] is seen again further on.
    pub(super) fn again(&mut self, now: Instant, place: Place, packet: &[u8]) {
        self.digest.again(now, place, packet);
        if let Some(capture) = &mut self.capture {
            capture.frame(now, place, packet);
        }
    }
}

impl Tap for Taps {
    fn event(&mut self, now: Instant, event: &Event) {
        self.digest.event(now, event);
        self.recorder.event(now, event);
        self.passages.event(now, event);
    }

    fn frame(&mut self, now: Instant, place: Place, packet: &[u8]) {
        self.digest.frame(now, place, packet);
        if let Some(capture) = &mut self.capture {
            capture.frame(now, place, packet);
        }
    }
}
