//! One spelling where a function has many.
//!
//! Locals may be numbered in any order, and a load may promise an alignment or not. Compilers number locals as they meet
//! them; here the one most used comes first, so that most functions name most of what they use by the same few bytes, and
//! a promise, which no engine heeds, is never made. Functions that differed in nothing else become equal.

use core::cmp::Reverse;
use core::convert::Infallible;

use wasm_encoder::reencode::{Error as ReencodeError, Reencode, utils};
use wasm_encoder::{CodeSection, Function, Instruction, MemArg, Module, ValType};
use wasmparser::{BinaryReaderError, FunctionBody, Operator, Parser, Payload};

use crate::Error;

/// Writes a valid `module` anew in that spelling.
pub(super) fn unify(module: &[u8]) -> Result<Vec<u8>, Error> {
    let parameters = parameters(module).map_err(|error| Error::new(format!("reading the module: {error}")))?;
    let mut spelling = Spelling { parameters, ..Spelling::default() };
    let mut out = Module::new();
    spelling
        .parse_core_module(&mut out, Parser::new(0), module)
        .map_err(|error| Error::new(format!("spelling the module: {error:?}")))?;
    Ok(out.finish())
}

/// How many parameters each function of the module's own has.
fn parameters(module: &[u8]) -> Result<Vec<usize>, BinaryReaderError> {
    let (mut by_type, mut by_function) = (Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(types) => {
                for ty in types.into_iter_err_on_gc_types() {
                    by_type.push(ty?.params().len());
                }
            }
            Payload::FunctionSection(types) => {
                for ty in types {
                    by_function.push(by_type[ty? as usize]);
                }
            }
            _ => {}
        }
    }
    Ok(by_function)
}

#[derive(Default)]
struct Spelling {
    /// The number of parameters of each function; they are locals too, and keep their numbers.
    parameters: Vec<usize>,
    /// How many functions are done.
    done: usize,
    /// The new numbers of the present function's locals.
    new: Vec<u32>,
}

impl Spelling {
    /// Numbers the locals of a function, those of one type after another, and tells the types. What nobody uses is left
    /// out.
    fn number(&mut self, body: &FunctionBody<'_>) -> Result<Vec<(u32, ValType)>, ReencodeError> {
        let parameters = self.parameters[self.done];
        let mut types = Vec::new();
        for group in body.get_locals_reader()? {
            let (count, ty) = group?;
            types.extend(core::iter::repeat_n(self.val_type(ty)?, count as usize));
        }
        // How often each is used, and which was the first to be.
        let mut uses = vec![(0_usize, 0_usize); parameters + types.len()];
        for (at, operator) in body.get_operators_reader()?.into_iter().enumerate() {
            if let Some(local) = local(&operator?) {
                let (count, first) = &mut uses[local as usize];
                if *count == 0 {
                    *first = at;
                }
                *count += 1;
            }
        }
        let mut order: Vec<usize> = (parameters..uses.len()).filter(|&local| uses[local].0 > 0).collect();
        order.sort_by_key(|&local| {
            let (count, first) = uses[local];
            (rank(types[local - parameters]), Reverse(count), first)
        });
        self.new = (0..uses.len() as u32).collect();
        let mut groups: Vec<(u32, ValType)> = Vec::new();
        for (at, &local) in order.iter().enumerate() {
            self.new[local] = (parameters + at) as u32;
            let ty = types[local - parameters];
            match groups.last_mut() {
                Some((count, same)) if *same == ty => *count += 1,
                _ => groups.push((1, ty)),
            }
        }
        Ok(groups)
    }
}

impl Reencode for Spelling {
    type Error = Infallible;

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), ReencodeError> {
        let mut function = Function::new(self.number(&body)?);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            function.instruction(&self.parse_instruction(&mut operators)?);
        }
        code.function(&function);
        self.done += 1;
        Ok(())
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Result<Instruction<'a>, ReencodeError> {
        let new = local(&operator).map(|local| self.new[local as usize]);
        Ok(match (&operator, new) {
            (Operator::LocalGet { .. }, Some(new)) => Instruction::LocalGet(new),
            (Operator::LocalSet { .. }, Some(new)) => Instruction::LocalSet(new),
            (Operator::LocalTee { .. }, Some(new)) => Instruction::LocalTee(new),
            _ => utils::instruction(self, operator)?,
        })
    }

    fn mem_arg(&mut self, place: wasmparser::MemArg) -> Result<MemArg, ReencodeError> {
        Ok(MemArg { align: 0, offset: place.offset, memory_index: self.memory_index(place.memory)? })
    }
}

/// The local that an instruction reads or writes.
fn local(operator: &Operator<'_>) -> Option<u32> {
    match operator {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(*local_index),
        _ => None,
    }
}

/// The most common type first, whose locals get the small numbers.
fn rank(ty: ValType) -> u8 {
    match ty {
        ValType::I32 => 0,
        ValType::I64 => 1,
        ValType::F64 => 2,
        ValType::F32 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{FunctionSection, MemorySection, MemoryType, TypeSection};
    use wasmparser::Validator;

    use super::*;

    #[test]
    fn locals_are_numbered_by_use_and_keep_their_types() {
        // One parameter; then an i64, an unused i32, and two i32 of which the second is used more.
        let before = module(&[ValType::I64, ValType::I32, ValType::I32, ValType::I32], &[0, 1, 3, 4, 4, 1, 4]);
        let after = unify(&before).unwrap();
        Validator::new().validate_all(&after).unwrap();
        assert_eq!(used(&after), [0, 3, 2, 1, 1, 3, 1]);
        assert_eq!(unify(&after).unwrap(), after);
    }

    #[test]
    fn functions_that_differ_in_numbers_only_become_equal() {
        let one = module(&[ValType::I64, ValType::I32], &[1, 2, 2]);
        let other = module(&[ValType::I32, ValType::I64], &[2, 1, 1]);
        assert_eq!(unify(&one).unwrap(), unify(&other).unwrap());
    }

    #[test]
    fn no_load_promises_an_alignment() {
        let after = unify(&module(&[], &[0])).unwrap();
        let loads = operators(&after).into_iter().filter_map(|operator| match operator {
            Operator::I32Load { memarg } => Some((memarg.align, memarg.offset)),
            _ => None,
        });
        assert_eq!(loads.collect::<Vec<_>>(), [(0, 8)]);
    }

    /// A function with one i32 parameter and these locals, which reads some of them and then the memory.
    fn module(locals: &[ValType], reads: &[u32]) -> Vec<u8> {
        let (mut types, mut functions, mut memories) =
            (TypeSection::new(), FunctionSection::new(), MemorySection::new());
        types.ty().function([ValType::I32], []);
        functions.function(0);
        memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
        let mut function = Function::new_with_locals_types(locals.iter().copied());
        for &local in reads {
            function.instruction(&Instruction::LocalGet(local)).instruction(&Instruction::Drop);
        }
        function.instruction(&Instruction::LocalGet(0));
        function.instruction(&Instruction::I32Load(MemArg { align: 2, offset: 8, memory_index: 0 }));
        function.instruction(&Instruction::Drop).instruction(&Instruction::End);
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memories).section(&code);
        module.finish()
    }

    fn operators(module: &[u8]) -> Vec<Operator<'_>> {
        let bodies = Parser::new(0).parse_all(module).filter_map(|payload| match payload.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        bodies.flat_map(|body| body.get_operators_reader().unwrap()).map(Result::unwrap).collect()
    }

    /// The locals that are read before the memory is.
    fn used(module: &[u8]) -> Vec<u32> {
        let mut used: Vec<u32> = operators(module).iter().filter_map(local).collect();
        used.pop();
        used
    }
}
