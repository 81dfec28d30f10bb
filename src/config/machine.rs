//! What the machine is like where it matters for secrets.

use std::io;

/// Devices and files that the kernel swaps to; empty is good.
///
/// # Errors
/// `/proc/swaps` cannot be read (no Linux, or /proc is hidden): the answer is not known.
pub fn active_swaps() -> io::Result<Vec<String>> {
    let table = String::from_utf8_lossy(&crate::files::load("/proc/swaps".as_ref(), 64 * 1024)?)
        .into_owned();
    Ok(swaps_in(&table))
}

fn swaps_in(table: &str) -> Vec<String> {
    table.lines().skip(1).filter_map(|l| l.split_whitespace().next()).map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_active_swap_is_named() {
        let table = "Filename\tType\tSize\tUsed\tPriority\n/swap.img file 4194300 0 -2\n/dev/zram0 partition 1 0 5\n";
        assert_eq!(swaps_in(table), ["/swap.img", "/dev/zram0"]);
        assert_eq!(swaps_in("Filename\tType\tSize\tUsed\tPriority\n"), Vec::<String>::new());
    }
}
