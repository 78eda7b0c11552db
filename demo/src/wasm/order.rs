//! Which functions a module has, and where they stand.
//!
//! Instances of a generic function for types of one layout are often equal to the byte; one of them is enough. A
//! function pointer is a place in the table, not a function, so that even those still differ.
//!
//! A page loads the module compressed, and gzip finds a repetition only if it is at most 32 KiB back. A compiler that
//! makes one generic function for twenty types leaves the twenty far apart. Here they are put side by side: the row
//! begins with the functions most often called, whose numbers then fit in one byte of each call, and goes on with
//! whatever shares most with the functions just before.
//!
//! Nobody outside can tell: exports, the start function and the table follow the new numbers.

use core::cmp::Reverse;
use core::convert::Infallible;
use std::collections::BTreeMap;

use wasm_encoder::reencode::{Error as ReencodeError, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    BinaryReaderError, CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser,
    Payload, TypeRef, Validator,
};

use super::spelling;
use crate::Error;

/// How far back a function is looked for: what gzip reaches, less a function of middle length.
const REACH: usize = 30_000;
/// How far back a likeness counts half as much again: a short distance takes fewer bits than a long one.
const NEAR: usize = 2_000;
/// As many bytes make one piece that two functions can share. Three is what gzip needs; fewer than six are shared by
/// all and say nothing.
const PIECE: usize = 6;
/// A piece in more functions than this is always in reach.
const COMMON: usize = 300;
/// Added to a function's length, so that a tiny one is not taken at once because all of it is known.
const HEAD: u64 = 60;
/// Numbers below this take one byte.
const ONE_BYTE: usize = 128;
/// A function called less often than this stays with its like.
const OFTEN: usize = 8;

/// Writes `module` anew with every function once, in an order that compresses well, and without custom sections, which
/// no engine reads.
pub(super) fn compact(module: &[u8]) -> Result<Vec<u8>, Error> {
    Validator::new().validate_all(module).map_err(unreadable)?;
    let mut module = spelling::unify(module)?;
    loop {
        let functions = Functions::parse(&module).map_err(unreadable)?;
        let same = functions.same();
        let kept: Vec<usize> = (0..same.len()).filter(|&function| same[function] == function).collect();
        if kept.len() == same.len() {
            let order = row(&functions.bodies, &functions.most_called());
            return rewrite(&module, Renumbered::new(functions.imported, order, &same));
        }
        // Functions that called two equal ones may be equal by now.
        module = rewrite(&module, Renumbered::new(functions.imported, kept, &same))?;
    }
}

fn unreadable(error: BinaryReaderError) -> Error {
    Error::new(format!("reading the module: {error}"))
}

fn rewrite(module: &[u8], mut renumbered: Renumbered) -> Result<Vec<u8>, Error> {
    let mut out = Module::new();
    renumbered
        .parse_core_module(&mut out, Parser::new(0), module)
        .map_err(|error| Error::new(format!("writing the module anew: {error:?}")))?;
    Ok(out.finish())
}

/// The functions of a module.
struct Functions<'a> {
    /// How many come from outside; they have the first numbers, and keep them.
    imported: usize,
    /// The types of the others, by number.
    types: Vec<u32>,
    /// The bytes of the others.
    bodies: Vec<&'a [u8]>,
    /// How often the code calls each of the others.
    calls: Vec<usize>,
}

impl<'a> Functions<'a> {
    fn parse(module: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut functions = Self { imported: 0, types: Vec::new(), bodies: Vec::new(), calls: Vec::new() };
        let mut called = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        functions.imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(types) => functions.types = types.into_iter().collect::<Result<_, _>>()?,
                Payload::CodeSectionEntry(body) => {
                    functions.bodies.push(body.as_bytes());
                    collect_calls(&body, &mut called)?;
                }
                _ => {}
            }
        }
        functions.calls.resize(functions.bodies.len(), 0);
        for number in called {
            if let Some(own) = number.checked_sub(functions.imported) {
                functions.calls[own] += 1;
            }
        }
        Ok(functions)
    }

    /// For each function the first that is equal to it: itself, if there is none before.
    fn same(&self) -> Vec<usize> {
        let mut first = BTreeMap::new();
        let functions = self.types.iter().zip(&self.bodies).enumerate();
        functions.map(|(function, what)| *first.entry(what).or_insert(function)).collect()
    }

    /// The functions that are worth a number of one byte.
    fn most_called(&self) -> Vec<usize> {
        let mut functions: Vec<usize> =
            (0..self.bodies.len()).filter(|&function| self.calls[function] >= OFTEN).collect();
        functions.sort_by_key(|&function| Reverse(self.calls[function]));
        functions.truncate(ONE_BYTE.saturating_sub(self.imported));
        functions
    }
}

fn collect_calls(body: &FunctionBody<'_>, called: &mut Vec<usize>) -> Result<(), BinaryReaderError> {
    for operator in body.get_operators_reader()? {
        if let Operator::Call { function_index } = operator? {
            called.push(function_index as usize);
        }
    }
    Ok(())
}

/// All functions in a row that begins with `first`; each next one is, for its length, the most alike to those in reach.
fn row(bodies: &[&[u8]], first: &[usize]) -> Vec<usize> {
    let pieces = Pieces::of(bodies);
    let mut reach = Window::new(REACH, &pieces);
    let mut near = Window::new(NEAR, &pieces);
    let mut left: Vec<usize> = (0..bodies.len()).filter(|function| !first.contains(function)).collect();
    let mut row = Vec::with_capacity(bodies.len());
    for step in 0..bodies.len() {
        let next = match first.get(step) {
            Some(&function) => function,
            None => {
                let score = |&function: &usize| {
                    let likeness = 2 * reach.likeness[function] + near.likeness[function];
                    (likeness << 16) / (bodies[function].len() as u64 + HEAD)
                };
                let best = (0..left.len()).max_by_key(|&place| (score(&left[place]), Reverse(place)));
                left.remove(best.expect("as many functions as steps"))
            }
        };
        row.push(next);
        reach.advance(&row, bodies, &pieces);
        near.advance(&row, bodies, &pieces);
    }
    row
}

/// Which functions share which pieces of code.
struct Pieces {
    /// The shared pieces of each function.
    of: Vec<Vec<usize>>,
    /// The functions of each piece.
    users: Vec<Vec<usize>>,
    /// What a piece says about a function: the rarer, the more.
    weight: Vec<u64>,
}

impl Pieces {
    fn of(bodies: &[&[u8]]) -> Self {
        let mut found: Vec<(&[u8], usize)> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            found.extend(body.windows(PIECE).map(|piece| (piece, function)));
        }
        found.sort_unstable();
        found.dedup();
        let mut pieces = Self { of: vec![Vec::new(); bodies.len()], users: Vec::new(), weight: Vec::new() };
        for users in found.chunk_by(|one, other| one.0 == other.0) {
            if (2..=COMMON).contains(&users.len()) {
                let users: Vec<usize> = users.iter().map(|&(_, function)| function).collect();
                for &function in &users {
                    pieces.of[function].push(pieces.users.len());
                }
                pieces.weight.push(((1 << 24) / users.len() as u64).isqrt());
                pieces.users.push(users);
            }
        }
        pieces
    }
}

/// The last functions of the row, and how alike every function is to them.
struct Window {
    reach: usize,
    /// Where in the row it begins, and how many bytes there are from there on.
    start: usize,
    bytes: usize,
    /// How many functions in the window have each piece.
    seen: Vec<u32>,
    /// The weight of each function's pieces that are in the window.
    likeness: Vec<u64>,
}

impl Window {
    fn new(reach: usize, pieces: &Pieces) -> Self {
        Self { reach, start: 0, bytes: 0, seen: vec![0; pieces.users.len()], likeness: vec![0; pieces.of.len()] }
    }

    /// Takes in the last function of `row` and gives up those that are out of reach by now.
    fn advance(&mut self, row: &[usize], bodies: &[&[u8]], pieces: &Pieces) {
        let Some(&last) = row.last() else { return };
        self.bytes += bodies[last].len();
        for &piece in &pieces.of[last] {
            self.seen[piece] += 1;
            if self.seen[piece] == 1 {
                for &user in &pieces.users[piece] {
                    self.likeness[user] += pieces.weight[piece];
                }
            }
        }
        while self.bytes > self.reach && self.start + 1 < row.len() {
            let lost = row[self.start];
            self.start += 1;
            self.bytes -= bodies[lost].len();
            for &piece in &pieces.of[lost] {
                self.seen[piece] -= 1;
                if self.seen[piece] == 0 {
                    for &user in &pieces.users[piece] {
                        self.likeness[user] -= pieces.weight[piece];
                    }
                }
            }
        }
    }
}

/// Gives every function its new number, wherever a module names one.
struct Renumbered {
    imported: usize,
    /// The old number of each function that is kept, in the new order; neither counts those from outside.
    old: Vec<usize>,
    /// The new number of each function, in the old order.
    new: Vec<usize>,
}

impl Renumbered {
    /// Keeps the functions in `old`; the others become what `same` says.
    fn new(imported: usize, old: Vec<usize>, same: &[usize]) -> Self {
        let mut number = vec![0; same.len()];
        for (new, &function) in old.iter().enumerate() {
            number[function] = new;
        }
        let new = same.iter().map(|&function| number[function]).collect();
        Self { imported, old, new }
    }
}

impl Reencode for Renumbered {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, ReencodeError> {
        let own = (function as usize).checked_sub(self.imported);
        Ok(own.map_or(function, |own| (self.imported + self.new[own]) as u32))
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), ReencodeError> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for &old in &self.old {
            functions.function(types[old]);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), ReencodeError> {
        let bodies = section.into_iter().collect::<Result<Vec<FunctionBody<'_>>, _>>()?;
        for number in 0..self.old.len() {
            utils::parse_function_body(self, code, bodies[self.old[number]].clone())?;
        }
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Result<(), ReencodeError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
