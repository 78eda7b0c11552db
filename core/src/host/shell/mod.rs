//! The shell of a pod: enough of POSIX' language for what people type and paste, at a prompt or behind `sh -c`.

mod builtin;
mod expand;
mod parse;
#[cfg(test)]
mod tests;
mod tree;
mod word;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;

use super::pipe::Pipe;
use super::programs::{self, files};
use super::sys::{Interrupt, Sys};
use builtin::builtin;
pub(super) use builtin::test;
use parse::ParseError;
use tree::{Fd, Node, Redirect, Simple};

/// What one shell knows besides the variables, which are its process'.
#[derive(Clone, Default)]
struct Shell {
    /// How the last command ended: `$?`.
    last: Cell<i32>,
    positional: Rc<Vec<String>>,
}

/// What follows a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
    Exit(i32),
}

/// `sh`, `sh -c SCRIPT [NAME [ARGUMENT...]]`, or a script as input.
pub(super) async fn run(sys: &Sys, arguments: &[String]) -> i32 {
    let command = arguments.iter().position(|word| word.starts_with('-') && word.ends_with('c'));
    let Some(at) = command else { return interactive(sys).await };
    let Some(script) = arguments.get(at + 1) else {
        sys.complain(format_args!("sh: -c requires an argument"));
        return 2;
    };
    let positional = arguments.get(at + 3..).unwrap_or_default().to_vec();
    let shell = Shell { last: Cell::new(0), positional: Rc::new(positional) };
    match parse::parse(script) {
        Ok(list) => match run_list(&shell, sys, &list).await {
            Flow::Exit(code) => code,
            _ => shell.last.get(),
        },
        Err(error) => {
            complain(sys, error);
            2
        }
    }
}

/// Lines of input until its end or `exit`. At a terminal there is a prompt, and Ctrl-C ends only the command that runs.
async fn interactive(sys: &Sys) -> i32 {
    let shell = Shell::default();
    let mut text = String::new();
    if sys.terminal {
        sys.interrupt.set(Interrupt::Caught);
    }
    loop {
        if sys.terminal {
            let place = sys.variable("PWD").unwrap_or_else(|| "/".to_string());
            match text.is_empty() {
                true => sys.print(format_args!("{place} # ")),
                false => sys.print(format_args!("> ")),
            }
        }
        let Some(line) = interruptible(sys, sys.read_line()).await else {
            sys.print(format_args!("^C\n"));
            text.clear();
            continue;
        };
        if line.is_empty() {
            return shell.last.get();
        }
        text += &String::from_utf8_lossy(&line);
        match parse::parse(&text) {
            Ok(list) => {
                text.clear();
                match interruptible(sys, run_list(&shell, sys, &list)).await {
                    Some(Flow::Exit(code)) => return code,
                    Some(_) => {}
                    None => {
                        sys.print(format_args!("^C\n"));
                        shell.last.set(130);
                    }
                }
            }
            Err(ParseError::Incomplete) => {}
            Err(error) => {
                text.clear();
                complain(sys, error);
                shell.last.set(2);
            }
        }
    }
}

/// Waits for `future` unless Ctrl-C comes first.
async fn interruptible<T>(sys: &Sys, future: impl Future<Output = T>) -> Option<T> {
    let mut future = core::pin::pin!(future);
    poll_fn(|context| {
        if sys.interrupt.get() == Interrupt::Raised {
            sys.interrupt.set(Interrupt::Caught);
            return Poll::Ready(None);
        }
        future.as_mut().poll(context).map(Some)
    })
    .await
}

fn complain(sys: &Sys, error: ParseError) {
    match error {
        ParseError::Incomplete => sys.complain(format_args!("sh: syntax error: unexpected end of file")),
        ParseError::Syntax(message) => sys.complain(format_args!("sh: {message}")),
    }
}

/// Runs commands one after the other. Boxed, because lists contain lists.
fn run_list<'a>(shell: &'a Shell, sys: &'a Sys, list: &'a [Node]) -> Pin<Box<dyn Future<Output = Flow> + 'a>> {
    Box::pin(async move {
        for node in list {
            match run_node(shell, sys, node).await {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    })
}

fn run_node<'a>(shell: &'a Shell, sys: &'a Sys, node: &'a Node) -> Pin<Box<dyn Future<Output = Flow> + 'a>> {
    Box::pin(async move {
        match node {
            Node::Simple(simple) => return run_simple(shell, sys, simple).await,
            Node::Pipeline(stages, negated) => {
                let code = run_pipeline(shell, sys, stages).await;
                shell.last.set(if *negated { i32::from(code == 0) } else { code });
            }
            Node::And(left, right) | Node::Or(left, right) => {
                let flow = run_node(shell, sys, left).await;
                let wanted = (shell.last.get() == 0) == matches!(node, Node::And(..));
                return if flow == Flow::Next && wanted { run_node(shell, sys, right).await } else { flow };
            }
            Node::For { name, words, body } => {
                for value in shell.arguments(sys, words).await {
                    sys.set(name, value);
                    match run_list(shell, sys, body).await {
                        Flow::Next | Flow::Continue => {}
                        Flow::Break => break,
                        exit => return exit,
                    }
                }
            }
            Node::While { condition, body, until } => loop {
                let start = sys.now();
                if let Flow::Exit(code) = run_list(shell, sys, condition).await {
                    return Flow::Exit(code);
                }
                if (shell.last.get() == 0) == *until {
                    shell.last.set(0);
                    break;
                }
                match run_list(shell, sys, body).await {
                    Flow::Next | Flow::Continue => {}
                    Flow::Break => break,
                    exit => return exit,
                }
                if sys.now() == start {
                    // Work costs time; without this a loop that waits for nothing would stop the world's clock.
                    sys.sleep_until(sys.after(1)).await;
                }
            },
            Node::If { branches, otherwise } => {
                for (condition, body) in branches {
                    match run_list(shell, sys, condition).await {
                        Flow::Next if shell.last.get() == 0 => return run_list(shell, sys, body).await,
                        Flow::Next => {}
                        other => return other,
                    }
                }
                shell.last.set(0);
                return run_list(shell, sys, otherwise).await;
            }
            Node::Group { body, subshell: false } => return run_list(shell, sys, body).await,
            Node::Group { body, subshell: true } => {
                let inner = shell.clone();
                let flow = run_list(&inner, &shell.own_environment(sys), body).await;
                shell.last.set(if let Flow::Exit(code) = flow { code } else { inner.last.get() });
            }
            Node::Redirected(node, redirects) => {
                let Some((inner, files)) = redirected(shell, sys, redirects).await else { return Flow::Next };
                let flow = run_node(shell, &inner, node).await;
                files.into_iter().for_each(|file| file.store(sys));
                return flow;
            }
            Node::Background(node) => {
                let (shell, sys, node) = (shell.clone(), shell.own_environment(sys), node.clone());
                let machine = sys.machine.clone();
                let inner = Sys { stdin: Pipe::closed(), ..sys };
                machine.spawn(async move {
                    run_node(&shell, &inner, &node).await;
                });
                // The job runs beside this shell.
            }
        }
        Flow::Next
    })
}

impl Shell {
    /// The same streams with variables of its own, as a subshell has.
    fn own_environment(&self, sys: &Sys) -> Sys {
        let variables = Rc::new(RefCell::new(sys.variables.borrow().clone()));
        Sys { variables, ..sys.clone() }
    }
}

/// Runs the stages side by side, each reading what the one before wrote; the last one's code counts.
async fn run_pipeline(shell: &Shell, sys: &Sys, stages: &[Node]) -> i32 {
    let mut inputs: Vec<Pipe> = (1..stages.len()).map(|_| Pipe::default()).collect();
    let outputs: Vec<Pipe> = inputs.iter().cloned().chain([sys.stdout.clone()]).collect();
    inputs.insert(0, sys.stdin.clone());
    let mut running: Vec<Option<Pin<Box<dyn Future<Output = i32> + '_>>>> = Vec::new();
    for (index, stage) in stages.iter().enumerate() {
        let (stdin, stdout) = (inputs[index].clone(), outputs[index].clone());
        let inner = Sys { stdin, stdout, ..shell.own_environment(sys) };
        let shell = shell.clone();
        running.push(Some(Box::pin(async move {
            match run_node(&shell, &inner, stage).await {
                Flow::Exit(code) => code,
                _ => shell.last.get(),
            }
        })));
    }
    poll_fn(|context| {
        for index in 0..running.len() {
            let Some(stage) = &mut running[index] else { continue };
            let Poll::Ready(code) = stage.as_mut().poll(context) else { continue };
            if index + 1 == running.len() {
                return Poll::Ready(code);
            }
            outputs[index].close();
            // Whoever writes to a reader that is gone ends by its broken pipe.
            running[..=index].iter_mut().for_each(|stage| *stage = None);
        }
        Poll::Pending
    })
    .await
}

async fn run_simple(shell: &Shell, sys: &Sys, simple: &Simple) -> Flow {
    let argv = shell.arguments(sys, &simple.words).await;
    let mut assigned = Vec::new();
    for (name, word) in &simple.assignments {
        assigned.push((name, shell.text(sys, word).await));
    }
    let Some((inner, files)) = redirected(shell, sys, &simple.redirects).await else { return Flow::Next };
    if argv.is_empty() {
        assigned.into_iter().for_each(|(name, value)| sys.set(name, value));
        shell.last.set(0);
        files.into_iter().for_each(|file| file.store(sys));
        return Flow::Next;
    }
    let (code, flow) = match builtin(shell, &inner, &argv).await {
        Some(done) => done,
        None if assigned.is_empty() => (programs::run(inner, argv).await, Flow::Next),
        None => {
            let own = shell.own_environment(&inner);
            assigned.into_iter().for_each(|(name, value)| own.set(name, value));
            (programs::run(own, argv).await, Flow::Next)
        }
    };
    shell.last.set(code);
    files.into_iter().for_each(|file| file.store(sys));
    flow
}

/// A file that a command writes.
struct Output {
    pipe: Pipe,
    path: String,
    append: bool,
}

impl Output {
    fn store(self, sys: &Sys) {
        let bytes = self.pipe.take();
        let mut files = sys.machine.files.borrow_mut();
        let file = files.entry(self.path.as_bytes());
        if !self.append {
            file.clear();
        }
        file.extend(bytes);
    }
}

/// The streams a command has, and the files to store when it ends; `None` if one cannot be read, which has been said.
async fn redirected(shell: &Shell, sys: &Sys, redirects: &[Redirect]) -> Option<(Sys, Vec<Output>)> {
    let mut inner = sys.clone();
    let mut outputs = Vec::new();
    for redirect in redirects {
        match redirect {
            Redirect::Same { fd: Fd::Err, as_fd: Fd::Out } => inner.stderr = inner.stdout.clone(),
            Redirect::Same { fd: Fd::Out, as_fd: Fd::Err } => inner.stdout = inner.stderr.clone(),
            Redirect::Same { .. } => {}
            Redirect::Out { fd, to, append } => {
                let path = shell.text(sys, to).await;
                let pipe = if path == "/dev/null" { Pipe::sink() } else { Pipe::default() };
                if *fd != Fd::Err {
                    inner.stdout = pipe.clone();
                }
                if *fd != Fd::Out {
                    inner.stderr = pipe.clone();
                }
                if !path.starts_with("/dev/") {
                    outputs.push(Output { pipe, path, append: *append });
                }
            }
            Redirect::In(from) => {
                let path = shell.text(sys, from).await;
                let Some(bytes) = files::contents(sys, &path) else {
                    sys.complain(format_args!("sh: can't open {path}: no such file"));
                    shell.last.set(1);
                    return None;
                };
                inner.stdin = Pipe::closed();
                inner.stdin.write(&bytes);
            }
        }
    }
    Some((inner, outputs))
}
