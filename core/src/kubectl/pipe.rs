//! What stands behind a pipe, `kubectl get pods | grep web`: the shell of the first machine outside the cluster reads it.

use super::Context;
use crate::cluster::{Cluster, Output, Place};
use alloc::string::String;

/// The line before its first pipe outside quotes, and what is behind it.
pub(super) fn parted(line: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut last = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') if last != '\\' => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, '|') => {
                let (head, tail) = (&line[..at], &line[at + 1..]);
                return (!tail.starts_with('|')).then_some((head, tail));
            }
            _ => {}
        }
        last = c;
    }
    None
}

/// Runs both sides; the exit code is that of the last command, as in a shell.
pub(super) fn run(cluster: &mut Cluster, context: &mut Context, head: &str, tail: &str) -> Output {
    let first = super::run(cluster, context, head);
    let process = match cluster.start(&Place::Outside(String::new()), &["sh", "-c", tail], false) {
        Ok(process) => process,
        Err(error) => return Output::error(1, alloc::format!("{}error: {error}\n", first.stderr)),
    };
    cluster.write(process, &first.stdout);
    cluster.close_stdin(process);
    cluster.run_process(process, Cluster::EXEC_LIMIT, Cluster::EXEC_LIMIT);
    let (last, _) = cluster.read(process);
    Output { stderr: first.stderr + &last.stderr, hint: first.hint, ..last }
}

#[cfg(test)]
mod tests {
    use super::parted;

    #[test]
    fn a_pipe_in_quotes_belongs_to_a_word() {
        assert_eq!(parted("get pods | grep a | wc -l"), Some(("get pods ", " grep a | wc -l")));
        assert_eq!(parted("exec a -- sh -c 'b | c'"), None);
        assert_eq!(parted("get pods || true"), None);
    }
}
