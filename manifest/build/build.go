// Package build makes a C2PA manifest for an MP4 or QuickTime file and puts it in: claim version 2, a
// c2pa.hash.bmff.v3 over the whole file (flat, or with the media in blocks under a Merkle tree), actions, further assertions, and the manifests that the file came with as the
// history of its parent. C2PA 2.5, 10, 11, 16.3.2 and A.5.
//
// It writes beside the target and renames only what the project's own verifier has accepted: [File] is never the
// author of a file that "verify" rejects. Media are copied as a stream, so memory does not grow with the file. It
// refuses, in words, fragmented files and whatever else holds file offsets that it does not move: it leaves nothing
// pointing to the wrong place. It opens no connections: a
// time-stamp authority is asked through [Request].Stamp.
//
// Start with [File].
package build

import (
	"io"
	"time"

	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/signing"
)

// Request says what is to be written into the file.
type Request struct {
	Title     string // dc:title; may be empty
	Parent    string // dc:title of the file that is signed, in its ingredient; may be empty
	Generator string // name of the software in claim_generator_info
	Version   string // its version; may be empty

	// Source is the digitalSourceType of the content: a term of IPTC's list or a whole URI. Without a parent it makes
	// a c2pa.created action; with one a c2pa.edited. Empty: the file is one that was opened, of an origin that the
	// claim says nothing about. C2PA 2.5, 16.4.1.
	Source     string
	When       time.Time // of the actions; zero: they carry no time
	Assertions []Assertion
	// Block is the size of the blocks, in bytes, that the media are bound in: then blocks can be checked at once, and
	// damage is found to the block. 0: one hash over all. C2PA 2.5, 16.3.2.5.
	Block int64

	Signer *signing.Signer // who signs
	Stamp  signing.Stamper // the time-stamp authority; nil: no time-stamp

	// Trust is whom the check of the finished file is to trust: the signer's root. Nil: everything but that is checked.
	Trust *signing.Trust
	Now   time.Time // of that check
	Rand  io.Reader // for identifiers and salts
}

// Assertion is an assertion to be added: its content is a CBOR content box, or a JSON one.
type Assertion struct {
	Label    string
	CBOR     []byte // exactly one of the two is set
	JSON     []byte
	Gathered bool // only passed on, and not vouched for. C2PA 2.5, 10.2
}

// Made says what was written.
type Made struct {
	Label  string // of the manifest
	Parent string // label of the manifest that the file came with; empty: none
	Size   int64  // bytes of the file
	Result *manifest.Result
}

// RefusedError says why nothing was written: a property of the input, or a finished file that the verifier rejects.
type RefusedError struct {
	Reason string
	Hint   string // what to do about it; may be empty
}

func (e *RefusedError) Error() string { return e.Reason }

func refuse(reason, hint string) error { return &RefusedError{Reason: reason, Hint: hint} }
