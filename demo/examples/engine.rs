//! Builds only the wasm module and its glue, for work on the TypeScript: `cargo run -p demo --example engine`.

fn main() -> Result<(), demo::Error> {
    let engine = demo::wasm::build()?;
    println!("{}", engine.folder.display());
    Ok(())
}
