//! `cargo run` builds the wasm and the page and serves them; see the README.

use std::path::PathBuf;
use std::process::ExitCode;

use demo::{Error, page, run::say, serve};

const USAGE: &str = "\
Builds the wasm module and the page, and serves them on this machine.

usage: cargo run [-- OPTIONS]

  --port PORT   listen on PORT, or the next free one (default 8080)
  --build DIR   write the static site to DIR instead of serving it
  --help        print this";

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(act) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Serve(u16),
    Build(PathBuf),
    Help,
}

fn act(wish: Wish) -> Result<(), Error> {
    match wish {
        Wish::Help => println!("{USAGE}"),
        Wish::Build(folder) => {
            page::write(&folder)?;
            println!("the site is in {}", folder.display());
        }
        Wish::Serve(port) => {
            let server = serve::Server::bind(&page::build()?, port)?;
            println!("http://localhost:{}/  (Ctrl+C ends it)", server.address().port());
            server.run();
        }
    }
    Ok(())
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Wish, Error> {
    let usage = |problem: String| Error::new(problem).advise(format!("see the usage:\n\n{USAGE}"));
    let mut wish = Wish::Serve(serve::PORT);
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        let mut value = || value.clone().or_else(|| words.next()).ok_or_else(|| usage(format!("{name} needs a value")));
        match &*name {
            "--port" => {
                let text = value()?;
                wish = Wish::Serve(text.parse().map_err(|_| usage(format!("--port {text}: not a port")))?);
            }
            "--build" => wish = Wish::Build(value()?.into()),
            "--help" | "-h" => return Ok(Wish::Help),
            _ => return Err(usage(format!("unknown option {name}"))),
        }
    }
    Ok(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Wish, String> {
        parse(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_read_in_both_spellings() {
        assert_eq!(parsed(""), Ok(Wish::Serve(8080)));
        assert_eq!(parsed("--port 9000"), Ok(Wish::Serve(9000)));
        assert_eq!(parsed("--port=9000"), Ok(Wish::Serve(9000)));
        assert_eq!(parsed("--build out"), Ok(Wish::Build("out".into())));
        assert_eq!(parsed("--help"), Ok(Wish::Help));
    }

    #[test]
    fn a_mistake_is_answered_with_the_usage() {
        for line in ["--port", "--port many", "--serve"] {
            assert!(parsed(line).unwrap_err().contains("usage: cargo run"), "{line}");
        }
    }
}
