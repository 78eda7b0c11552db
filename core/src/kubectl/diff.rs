//! `kubectl diff`: what `apply` would change, as `diff -u -N` of two folders shows it.
//!
//! Source: kubernetes staging/src/k8s.io/kubectl/pkg/cmd/diff/diff.go.

use super::{
    Command, Failure, Session,
    args::Args,
    manifest::{Manifest, Problem, all},
    resource::Filter,
};
use crate::{
    api::{Object, Value, json, patch, yaml},
    control::timestamp,
};
use alloc::{format, string::String, vec::Vec};

pub(super) const COMMAND: Command =
    Command { name: "diff", flags: "filename=|f selector=|l recursive|R prune kustomize=|k", act: diff };

/// How many lines stand around a change.
const CONTEXT: usize = 3;

fn diff(session: &mut Session<'_>, args: &Args) -> Result<(), Failure> {
    // A difference ends with 1, so an error ends with more.
    let is_different = compare(session, args).map_err(|mut failure| {
        failure.0.code = 2;
        failure
    })?;
    session.output.exit_code = i32::from(is_different);
    Ok(())
}

fn compare(session: &mut Session<'_>, args: &Args) -> Result<bool, Failure> {
    if args.flag("filename").is_none() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let filter = Filter::of(args)?;
    let (manifests, problems) = session.manifests(args)?;
    all(problems)?;
    let mut files: Vec<(String, String, String)> = Vec::new();
    for manifest in manifests {
        if !filter.admits_labels(&manifest.value["metadata"]["labels"]) {
            continue;
        }
        let names = manifest.kind.names();
        let group = if names.group.is_empty() { String::new() } else { format!("{}.", names.group) };
        let key = manifest.key();
        let file = format!("{group}{}.{}.{}.{}", names.version, names.kind, key.namespace, key.name);
        let live = session.cluster.object(key.kind, &key.namespace, &key.name).cloned();
        let merged =
            merged(session, &manifest, live.as_deref()).map_err(|problem| match all(Vec::from([problem])) {
                Err(failure) => failure,
                Ok(()) => Failure::error(""),
            })?;
        let live = live.map(|object| yaml::emit(&object.value)).unwrap_or_default();
        let merged = yaml::emit(&merged);
        if live != merged {
            files.push((file, live, merged));
        }
    }
    files.sort();
    let now = timestamp::emit(session.cluster.now()).replace('T', " ").replace('Z', ".000000000 +0000");
    for (file, live, merged) in &files {
        // The folders' numbers are random.
        let (from, to) = (format!("/tmp/LIVE-1/{file}"), format!("/tmp/MERGED-1/{file}"));
        session.print(&format!("diff -u -N {from} {to}\n--- {from}\t{now}\n+++ {to}\t{now}\n"));
        session.print(&unified(live, merged));
    }
    Ok(!files.is_empty())
}

/// The object as it would be after `apply`; the annotation of the last one stays as it is.
fn merged(session: &Session<'_>, manifest: &Manifest, live: Option<&Object>) -> Result<Value, Problem> {
    let control = session.cluster.control();
    let Some(live) = live else {
        let created = manifest.decode().and_then(|object| control.dry_run_create(object));
        return Ok(created.map_err(|error| Problem::of(&error, ""))?.value);
    };
    let original = live.annotation(patch::LAST_APPLIED).and_then(|text| json::parse(text).ok()).unwrap_or_default();
    let mut modified = manifest.value.clone();
    if let Some(text) = live.annotation(patch::LAST_APPLIED) {
        modified.set(&["metadata", "annotations", patch::LAST_APPLIED], text);
    }
    let value = patch::three_way(manifest.kind, &original, &modified, &live.value);
    if value == live.value {
        return Ok(value);
    }
    let replaced = Object::decode(manifest.kind, value).and_then(|object| control.dry_run_replace(object));
    Ok(replaced.map_err(|error| Problem::of(&error, ""))?.value)
}

/// Two texts' difference in hunks.
fn unified(from: &str, to: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (from.lines().collect(), to.lines().collect());
    let lines = edits(&old, &new);
    let mut text = String::new();
    let mut at = 0;
    while let Some(first) = lines[at..].iter().position(|(mark, _)| *mark != ' ').map(|found| at + found) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let (mut end, mut alike) = (first, 0);
        while end < lines.len() && alike <= 2 * CONTEXT {
            alike = if lines[end].0 == ' ' { alike + 1 } else { 0 };
            end += 1;
        }
        end -= alike.saturating_sub(CONTEXT);
        let count = |until: &[(char, &str)], other: char| until.iter().filter(|(mark, _)| *mark != other).count();
        let range = |other: char, sign: char| {
            let (before, inside) = (count(&lines[..start], other), count(&lines[start..end], other));
            let place = before + usize::from(inside > 0);
            if inside == 1 { format!("{sign}{place}") } else { format!("{sign}{place},{inside}") }
        };
        text.push_str(&format!("@@ {} {} @@\n", range('+', '-'), range('-', '+')));
        for (mark, line) in &lines[start..end] {
            text.push(*mark);
            text.push_str(line);
            text.push('\n');
        }
        at = end;
    }
    text
}

/// Every line of both texts, with the sign it has in a diff: as many as possible stay.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let width = new.len() + 1;
    // How many lines two rests have in common.
    let mut common = alloc::vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let mut lines = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push(('-', old[i]));
            i += 1;
        } else {
            lines.push(('+', new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_stand_in_hunks_with_three_lines_around() {
        let old: Vec<String> = (1..=20).map(|n: u8| format!("{n}")).collect();
        let mut new = old.clone();
        new[1] = "two".into();
        new[8] = "nine".into();
        new.remove(19);
        let text = unified(&(old.join("\n") + "\n"), &(new.join("\n") + "\n"));
        let head: Vec<&str> = text.lines().filter(|line| line.starts_with("@@")).collect();
        assert_eq!(head, ["@@ -1,12 +1,12 @@", "@@ -17,4 +17,3 @@"]);
        assert!(text.contains("\n-2\n+two\n 3\n"));
        assert_eq!(unified("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
        assert_eq!(unified("a\n", "b\n"), "@@ -1 +1 @@\n-a\n+b\n");
    }
}
