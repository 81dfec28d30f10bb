//! What the machine is like where it matters for secrets.

use std::{io, path::Path};

/// Devices and files that the kernel swaps to; empty is good.
///
/// # Errors
/// `/proc/swaps` cannot be read (no Linux, or /proc is hidden): the answer is not known.
pub fn active_swaps() -> io::Result<Vec<String>> {
    // SECURITY(T3): no setting, variable or argument names another file.
    swaps_in("/proc/swaps".as_ref())
}

fn swaps_in(table: &Path) -> io::Result<Vec<String>> {
    let table = crate::files::load(table, 64 * 1024)?;
    let table = String::from_utf8_lossy(&table);
    if !table.starts_with(HEAD) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no table of swaps"));
    }
    let lines = table.lines().skip(1);
    Ok(lines.filter_map(|line| line.split_whitespace().next()).map(String::from).collect())
}

/// How the kernel's table begins.
const HEAD: &str = "Filename";

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found if the kernel's table has these words.
    fn found(table: &str) -> io::Result<Vec<String>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        io::Write::write_all(&mut file.as_file(), table.as_bytes()).unwrap();
        swaps_in(file.path())
    }

    #[test]
    fn every_active_swap_is_named() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n/swap.img file 4194300 0 -2\n/dev/zram0 partition 1 0 5\n";
        assert_eq!(found(table).unwrap(), ["/swap.img", "/dev/zram0"]);
        assert!(found("Filename\tType\tSize\tUsed\tPriority\n").unwrap().is_empty());
    }

    #[test]
    fn a_table_that_cannot_be_read_is_not_an_empty_one() {
        for odd in ["", "\n", "none\n"] {
            assert!(found(odd).is_err(), "{odd:?}");
        }
        assert!(found(&"Filename\n".repeat(8000)).is_err(), "longer than any table");
        assert!(swaps_in("/proc/no-such-table".as_ref()).is_err());
        assert!(swaps_in("/proc".as_ref()).is_err());
    }
}
