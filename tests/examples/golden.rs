//! Prints the digests of the golden scenarios; with `--bless` they become the expected ones.

#[path = "../golden/scenario.rs"]
mod scenario;

fn main() -> std::io::Result<()> {
    let name = scenario::NAME;
    let digest = scenario::digest();
    let blessed = scenario::blessed(name).unwrap_or("nothing");
    println!("{name} = {digest} (blessed: {blessed})");
    if std::env::args().any(|argument| argument == "--bless") {
        let file = demo::root().join("tests/golden/digests.txt");
        std::fs::write(&file, format!("{name} = {digest}\n"))?;
        println!("written to {}", file.display());
    }
    Ok(())
}
