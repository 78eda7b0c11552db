use wasm_encoder::{
    ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, Function, GlobalSection, GlobalType,
    ImportSection, Instruction, RefType, StartSection, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{ElementItems, ExternalKind, Validator};

use super::*;

#[test]
fn whoever_names_a_function_finds_the_same_one() {
    let before = module();
    let after = compact(&before).unwrap();
    Validator::new().validate_all(&after).unwrap();
    assert_eq!(meaning(&after), meaning(&before));
}

#[test]
fn functions_that_look_alike_become_neighbours() {
    let after = compact(&module()).unwrap();
    let marks: Vec<i32> = bodies(&after).iter().map(|body| body.0).collect();
    // Everyone calls function 7; the others were made even and odd in turn.
    assert_eq!(marks[0], 7);
    let changes = marks[1..].windows(2).filter(|pair| pair[0] % 2 != pair[1] % 2).count();
    assert_eq!(changes, 1, "{marks:?}");
}

#[test]
fn the_same_module_gives_the_same_bytes_and_a_second_time_changes_nothing_outside() {
    let once = compact(&module()).unwrap();
    assert_eq!(compact(&module()).unwrap(), once);
    assert_eq!(meaning(&compact(&once).unwrap()), meaning(&once));
}

#[test]
fn equal_functions_become_one_and_then_their_callers_do() {
    let after = compact(&twins()).unwrap();
    Validator::new().validate_all(&after).unwrap();
    let bodies = bodies(&after);
    // Of two callers, two callees and a callee of another type, one of each is left.
    assert_eq!(bodies.len(), 3);
    assert_eq!(bodies.iter().filter(|body| body.0 == 1).count(), 2);
    let exports = meaning(&after);
    for (name, mark) in [("caller0", "0"), ("caller1", "0"), ("other", "1")] {
        assert_eq!(exports[&format!("export {name}")], mark);
    }
}

#[test]
fn a_module_that_cannot_be_read_is_an_error() {
    assert!(compact(b"not a module").is_err());
    let whole = module();
    assert!(compact(&whole[..whole.len() - 3]).is_err());
}

const COUNT: i32 = 12;

/// A module in which every place that can name a function names some; function `n` begins by dropping the number `n`.
fn module() -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32], []);
    module.section(&types);
    let mut imports = ImportSection::new();
    imports.import("host", "call", EntityType::Function(0));
    module.section(&imports);
    let mut functions = FunctionSection::new();
    for mark in 0..COUNT {
        functions.function(u32::from(mark == 3));
    }
    module.section(&functions);
    let mut tables = TableSection::new();
    let funcref = RefType::FUNCREF;
    tables.table(TableType { element_type: funcref, table64: false, minimum: 8, maximum: None, shared: false });
    module.section(&tables);
    let mut globals = GlobalSection::new();
    let reference = GlobalType { val_type: ValType::Ref(funcref), mutable: false, shared: false };
    globals.global(reference, &ConstExpr::ref_func(6));
    module.section(&globals);
    let mut exports = ExportSection::new();
    exports.export("host", ExportKind::Func, 0);
    for mark in [2, 3, 9] {
        exports.export(&format!("function{mark}"), ExportKind::Func, mark + 1);
    }
    module.section(&exports);
    module.section(&StartSection { function_index: 9 });
    let mut elements = ElementSection::new();
    elements.active(None, &ConstExpr::i32_const(1), Elements::Functions([5, 0, 11].as_slice().into()));
    module.section(&elements);
    let mut code = CodeSection::new();
    for mark in 0..COUNT {
        code.function(&function(mark));
    }
    module.section(&code);
    module.finish()
}

/// Two functions that are equal, one that differs from them in its type, and two that differ in which of the two they
/// call.
fn twins() -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([ValType::I32], []);
    module.section(&types);
    let mut functions = FunctionSection::new();
    let mut exports = ExportSection::new();
    let mut code = CodeSection::new();
    let all = [
        ("callee0", 0, None),
        ("callee1", 0, None),
        ("other", 1, None),
        ("caller0", 0, Some(0)),
        ("caller1", 0, Some(1)),
    ];
    for (number, (name, ty, callee)) in (0..).zip(all) {
        functions.function(ty);
        exports.export(name, ExportKind::Func, number);
        let mut function = Function::new([]);
        function.instruction(&Instruction::I32Const(i32::from(callee.is_none()))).instruction(&Instruction::Drop);
        if let Some(callee) = callee {
            function.instruction(&Instruction::Call(callee));
        }
        code.function(function.instruction(&Instruction::End));
    }
    module.section(&functions).section(&exports).section(&code);
    module.finish()
}

fn function(mark: i32) -> Function {
    let mut function = Function::new([]);
    function.instruction(&Instruction::I32Const(mark)).instruction(&Instruction::Drop);
    for _ in 0..4 {
        function.instruction(&Instruction::Call(8));
    }
    function.instruction(&Instruction::Call(if mark % 4 == 0 { 0 } else { mark as u32 }));
    for step in 0..20 {
        let number = if mark % 2 == 0 { step * 1000 } else { -step * 777 };
        function.instruction(&Instruction::I32Const(number)).instruction(&Instruction::Drop);
    }
    function.instruction(&Instruction::End);
    function
}

/// What each place of the module that names a function means by it: the function's mark, or the word `host`.
fn meaning(module: &[u8]) -> BTreeMap<String, String> {
    let bodies = bodies(module);
    let imported = Functions::parse(module).unwrap().imported;
    let name = |function: u32| match (function as usize).checked_sub(imported) {
        None => "host".to_string(),
        Some(own) => bodies[own].0.to_string(),
    };
    let mut meaning = BTreeMap::new();
    for (mark, calls) in &bodies {
        meaning
            .insert(format!("calls of {mark}"), format!("{:?}", calls.iter().map(|&to| name(to)).collect::<Vec<_>>()));
    }
    for payload in Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::FunctionSection(types) => {
                for (own, ty) in types.into_iter().enumerate() {
                    meaning.insert(format!("type of {}", bodies[own].0), ty.unwrap().to_string());
                }
            }
            Payload::GlobalSection(globals) => {
                for global in globals {
                    let operator = global.unwrap().init_expr.get_operators_reader().read().unwrap();
                    let Operator::RefFunc { function_index } = operator else { panic!("{operator:?}") };
                    meaning.insert("global".to_string(), name(function_index));
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports.into_iter().map(Result::unwrap) {
                    assert_eq!(export.kind, ExternalKind::Func);
                    meaning.insert(format!("export {}", export.name), name(export.index));
                }
            }
            Payload::StartSection { func, .. } => {
                meaning.insert("start".to_string(), name(func));
            }
            Payload::ElementSection(elements) => {
                for element in elements {
                    let ElementItems::Functions(functions) = element.unwrap().items else { panic!("functions") };
                    let names: Vec<String> = functions.into_iter().map(|function| name(function.unwrap())).collect();
                    meaning.insert("table".to_string(), names.join(", "));
                }
            }
            _ => {}
        }
    }
    meaning
}

/// The mark and the calls of each function, in the module's order.
fn bodies(module: &[u8]) -> Vec<(i32, Vec<u32>)> {
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else { continue };
        let Operator::I32Const { value } = body.get_operators_reader().unwrap().read().unwrap() else {
            panic!("a function begins with its mark");
        };
        let mut calls = Vec::new();
        collect_calls(&body, &mut calls).unwrap();
        bodies.push((value, calls.iter().map(|&call| call as u32).collect()));
    }
    bodies
}
