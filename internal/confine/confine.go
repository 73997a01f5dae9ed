// Package confine starts a child process that can do nothing but what its parent asks of it, and is what such a child
// does to itself. C code that works on untrusted data runs there.
//
// The child is handed a socket and what memory it shares with its parent; it has no environment, no network (a network
// namespace of its own), no files (Landlock), an allow-list of system calls (seccomp), limits of memory, files and
// processor time, and it dies with its parent. Not every system grants all of that: what it does not is said, never
// passed over. What the two say to each other is the caller's affair. The package works on Linux. The parent calls
// [Start], the child [Self].
package confine

import "strings"

// Descriptors of the child, after the three standard ones.
const (
	Socket    = 3 // to its parent: packets, SOCK_SEQPACKET
	FirstFile = 4 // of those that the parent hands over
)

const (
	maxString  = 128 // bytes of what is quoted
	maxMissing = 8   // things that the system did not grant, that are told
)

// Printable keeps the printable ASCII of a string, up to a length in bytes: what a child says ends up in reports.
func Printable(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}
