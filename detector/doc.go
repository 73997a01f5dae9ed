// Package detector asks detectors of marks that are programs of somebody else: a vendor whose mark only the vendor can
// read. Such a program runs as a child process and talks in lines of JSON; docs/guides/detector.md is the protocol, and
// examples/detector a program that speaks it.
//
// The child gets pixels and nothing else: no environment, an empty network namespace, no sockets, no files but its own
// and the system's programs and libraries, limits of memory, time and of all that it may say. Where the system has no
// empty network namespace to give, or cannot refuse it the system calls that make sockets, it is not started. What it says is distrusted: a line that breaks the protocol, a crash or
// a limit is an [*Error], and then none of its findings count, because a program that fails has not said "not found"
// either.
//
// What it says of its own certainty is its vendor's claim, and decides what a finding counts for: nothing here can check
// the bound that the program writes itself, and a claim of "ai-declared" with a small one makes a picture generated (see
// [Finding.Counts]). Who names a detector trusts its vendor that far; the report says for each finding whose claim it is,
// and conformance detector measures it.
//
// Start with [Open], then [Program.Start] for each asset, [Session.Frame] for its frames and [Session.End].
package detector
