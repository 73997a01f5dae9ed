package detector

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Subcommand is the argument with which the program's own binary is started again to give up what the detector must not
// have, before it becomes the detector. In main, and in TestMain, call [Become] for it before anything else.
const Subcommand = "__external"

// MaxPrograms is how many detectors one run may ask: each sees every frame.
const MaxPrograms = 8

// maxProgram bounds a program's file; a vendor's, with its model inside, has some tens of megabytes.
const maxProgram = 512 << 20

// inFolder is the program of a folder that is given as a detector.
const inFolder = "detector"

// Limits bound a child. Zero members mean [DefaultLimits].
type Limits struct {
	Start  time.Duration // wall time until it says hello
	Stall  time.Duration // wall time in which it must take a frame
	End    time.Duration // wall time for its findings, once it has all frames
	Time   time.Duration // wall time for one asset; processor time is at most four times this
	Memory int64         // bytes that it may write to, and that it and what it starts may have together

	Threads int // that it and what it starts may have together; the parent counts them ten times a second
}

// DefaultLimits are those that a zero [Limits] stands for. A neural decoder on a slow processor takes seconds a frame,
// and loading its model some more.
var DefaultLimits = Limits{Start: 20 * time.Second, Stall: 30 * time.Second, End: time.Minute, Time: 10 * time.Minute, Memory: 2 << 30, Threads: 256}

// WithDefaults returns the limits with [DefaultLimits] in place of zero and negative members.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	for _, t := range []struct{ to, from *time.Duration }{{&d.Start, &l.Start}, {&d.Stall, &l.Stall}, {&d.End, &l.End}, {&d.Time, &l.Time}} {
		if *t.from > 0 {
			*t.to = *t.from
		}
	}
	if l.Memory > 0 {
		d.Memory = l.Memory
	}
	if l.Threads > 0 {
		d.Threads = l.Threads
	}
	return d
}

// Program is a detector's file, read once: what is run is what the digest is of, whatever becomes of the file.
type Program struct {
	Name   string   // of the file, without its folder
	SHA256 string   // of the file, in lower-case hex; what it reads from its folder is no part of it
	Args   []string // that it is started with
	Limits Limits

	folder string // that it may read; empty: none
	code   []byte
}

// Open reads a detector: a program, or a folder that has one by the name "detector", which may then read the folder. The
// error says why there is none.
func Open(path string) (*Program, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	p := &Program{Name: filepath.Base(path)}
	file := path
	if st.IsDir() {
		if p.folder, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		file = filepath.Join(path, inFolder)
		if st, err = os.Stat(file); err != nil {
			return nil, err
		}
	}
	if !st.Mode().IsRegular() || st.Mode()&0o111 == 0 {
		return nil, fmt.Errorf("%q is no program: it is not executable", file)
	}
	if st.Size() > maxProgram { // and again below, should it grow
		return nil, fmt.Errorf("%q has more than %d bytes", file, maxProgram)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var code bytes.Buffer
	if _, err := io.Copy(&code, io.LimitReader(f, maxProgram+1)); err != nil {
		return nil, err
	}
	if code.Len() > maxProgram {
		return nil, fmt.Errorf("%q has more than %d bytes", file, maxProgram)
	}
	p.code = code.Bytes()
	sum := sha256.Sum256(p.code)
	p.SHA256 = hex.EncodeToString(sum[:])
	return p, nil
}

// The reasons of an [Error].
const (
	ReasonCrash       = "crash"       // it ended before it was done
	ReasonTimeout     = "timeout"     // it did not answer in time
	ReasonLimit       = "limit"       // it said too much, or ran out of memory
	ReasonProtocol    = "protocol"    // it said something that the protocol does not have
	ReasonNetwork     = "network"     // it wants the network, which no detector gets
	ReasonUnavailable = "unavailable" // it could not be started here
	ReasonCancelled   = "cancelled"   // the caller gave up, or the decoder did
)

// Error says why a detector has no answer. It never means that nothing was found.
type Error struct {
	Reason string // one of the constants above
	Detail string
	Err    error
}

func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Reason
	}
	return e.Reason + ": " + e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Confinement says what holds a child. It has no network in any case.
type Confinement struct {
	Files   bool     // Landlock
	Missing []string // what the system did not grant, and why
}

// child is a process under way.
type child struct {
	in, out *os.File // to it, from it
	held    Confinement
	kill    func()
	release func()          // waits for its end, after kill
	ended   func() *Error   // explains its end; it has ended or is killed
	exited  <-chan struct{} // closed when it has ended
	status  func() error    // of its end, once exited
}
