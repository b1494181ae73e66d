//! What a callback costs: CPU time of processes, from `/proc`.

use std::time::Duration;

/// CPU time that a process and its children that run have used.
pub(crate) fn cpu_with_children(pid: u32) -> Option<Duration> {
    let mut total = read(pid)?.cpu;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Some(other) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // A process may end while this looks.
        if let Some(stat) = read(other).filter(|stat| stat.parent == pid) {
            total += stat.cpu;
        }
    }
    Some(total)
}

struct Stat {
    parent: u32,
    cpu: Duration,
}

fn read(pid: u32) -> Option<Stat> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// User and system time are in ticks of 10 ms on every Linux.
fn parse(stat: &str) -> Option<Stat> {
    // The name in parentheses may hold spaces and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Stat { parent: fields.get(1)?.parse().ok()?, cpu: Duration::from_millis(ticks * 10) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parent_and_time_are_read_whatever_the_name_is() {
        let stat = parse("7 (a) b) S 3 7 7 0 -1 4194304 90 0 0 0 150 25 0 0 20 0 4 0 1 2 3");
        let stat = stat.unwrap();
        assert_eq!((stat.parent, stat.cpu), (3, Duration::from_millis(1750)));
        assert!(parse("7 (a) S 1").is_none());
    }
}
