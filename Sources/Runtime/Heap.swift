internal import CLinux

/// How much of the system's memory the process keeps for itself.
///
/// The C library makes up to eight arenas per core and keeps what was freed in them; with buffers
/// of megabytes passing through many threads a process then holds several times what it uses.
public enum Heap {
  /// Arenas: one that most threads share and one for those that meet it locked.
  private static let arenas: Int32 = 2
  /// Blocks from this size are mapped by themselves and go back when they are freed.
  ///
  /// Memtables are larger. Pages of reads and the messages made of them are not: mapped anew, each
  /// would cost a fault for every 4 KiB, which is a third of what it takes to read a whole log.
  private static let mappedBytes: Int32 = 1 << 20

  /// Bounds what is kept; call it first in `main`, before there are threads.
  public static func bound() { _ = weave_bound_heap(arenas, mappedBytes) }

  /// Gives free pages back, for a process that has done much and is idle now.
  ///
  /// Takes milliseconds and locks the heap meanwhile: not for the middle of work.
  public static func giveBack() { _ = weave_trim_heap() }
}
