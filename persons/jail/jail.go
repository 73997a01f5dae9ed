// Package jail finds faces in child processes that can do nothing but find faces: C++ code that computes on pictures
// from untrusted files runs there.
//
// A child is this very binary, started again with a hidden subcommand that calls [Serve]. It is confined as the
// decoder's child is (package video/jail): no environment, no network, no files, an allow-list of system calls, limits of
// memory and processor time. The library and the model reach it as sealed memory, copied from the bytes whose digests
// were checked; pictures reach it through shared memory. What it answers is distrusted: every number is held against
// what a face can be. Two children with one thread each work side by side.
//
// A crash, a hang or a limit is a [persons.Error], and every later call gives it, too. On other systems than Linux there is no
// jail, and [Open] says so. In main, call [Serve] for the hidden subcommand before anything else.
package jail

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/consentry/consentry/persons"
	"github.com/consentry/consentry/persons/network"
	"github.com/consentry/consentry/persons/template"
)

// Subcommand is the argument with which a child is started where [Config.Command] does not say otherwise.
const Subcommand = "__detect"

// Config says what to run.
type Config struct {
	Library Library
	Model   []byte   // an ONNX file, as it is on disk
	Name    string   // of the model's file, for the report; empty: the kind of network
	Command []string // program and arguments of the children; empty: this binary and Subcommand
	// Templates is the network that makes templates of faces; nil: none is made, and [Detector.Template] fails.
	Templates *Templates
	Limits    Limits
}

// Library is a file of ONNX Runtime.
type Library struct {
	Path   string
	SHA256 string // in hexadecimal, of the one file that is loaded; a file with another digest is not
}

// Templates is a network that [template.Model] made.
type Templates struct {
	Model  []byte
	SHA256 string // in hexadecimal, of the weights as they are published, for the report
}

// Limits bound the children. Zero members mean [DefaultLimits].
type Limits struct {
	Workers int           // children
	Start   time.Duration // wall time until a child is ready
	Answer  time.Duration // wall time of one picture
	Total   time.Duration // processor time of a child is at most four times this
	Memory  int64         // bytes that a child may write to
}

// DefaultLimits are those that a zero [Limits] stands for. A picture of 1280 × 720 takes 0.16 s and 204 MB.
var DefaultLimits = Limits{Workers: 2, Start: 30 * time.Second, Answer: 30 * time.Second, Total: time.Hour, Memory: 1 << 30}

const (
	maxWorkers = 16
	maxLibrary = 256 << 20 // bytes; ONNX Runtime 1.32 for processors has 35 MB
)

// WithDefaults returns the limits with [DefaultLimits] in place of zero and negative members.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits
	if l.Workers > 0 {
		d.Workers = min(l.Workers, maxWorkers)
	}
	for _, t := range []struct{ to, from *time.Duration }{{&d.Start, &l.Start}, {&d.Answer, &l.Answer}, {&d.Total, &l.Total}} {
		if *t.from > 0 {
			*t.to = *t.from
		}
	}
	if l.Memory > 0 {
		d.Memory = l.Memory
	}
	return d
}

// Engine is a library that runs networks, loaded.
type Engine interface {
	// Session prepares a model; the runner is used by one goroutine at a time.
	Session(model []byte, n *network.Network) (network.Runner, error)
}

// Confinement says what held the children.
type Confinement struct {
	Network  bool     // in a network namespace of their own
	Files    bool     // Landlock
	Syscalls bool     // seccomp
	Missing  []string // what the system did not grant, and why
}

// prepared is a configuration whose files were read and checked.
type prepared struct {
	net    *network.Network
	model  []byte // as it is run
	models []persons.Model
	prints []byte // the network of templates; nil: none
}

func prepare(cfg Config) (prepared, error) {
	sum := sha256.Sum256(cfg.Model)
	n, opened, err := network.Recognise(cfg.Model)
	if err != nil {
		return prepared{}, &persons.Error{Reason: persons.ReasonModel, Detail: printable(err.Error(), maxDetail), Err: err}
	}
	name := cfg.Name
	if name == "" {
		name = n.Kind
	}
	p := prepared{net: n, model: opened, models: []persons.Model{{Name: name, SHA256: hex.EncodeToString(sum[:])}}}
	if t := cfg.Templates; t != nil {
		p.prints = t.Model
		p.models = append(p.models, persons.Model{Name: template.Kind, SHA256: t.SHA256})
	}
	p.models = append(p.models, persons.Model{Name: "onnxruntime", SHA256: cfg.Library.SHA256})
	return p, nil
}

func protocolError(detail string) *persons.Error {
	return &persons.Error{Reason: persons.ReasonProtocol, Detail: detail}
}
