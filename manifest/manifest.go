// Package manifest finds, reads and validates C2PA manifest stores (C2PA 2.5; older files by the rules of their time).
//
// [Locate] finds a store in an asset, [Parse] reads it, [Store.Validate] runs C2PA 2.5, 14 on it in the order of its
// clauses and says for every manifest what succeeded, what failed and which state follows. Hostile bytes give
// findings; an error means that the work could not be done: I/O, cancellation, or a limit of ours.
//
// It fetches nothing, believes no recorded validation result, gives no hash algorithm that a file does not name, and
// verifies the bytes that are in the file, never a re-encoding of them.
package manifest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/consentry/consentry/internal/jumbf"
)

// Type is the kind of a manifest, by its superbox. C2PA 2.5, 11.
type Type string

// The kinds of manifests that are judged. Time-stamp manifests (c2tm, of 2.1) have been undefined since 2.2.
const (
	Standard Type = "c2ma"
	Update   Type = "c2um"
	Legacy   Type = "c2md" // as a standard manifest; written by the first generators
)

// Store is a manifest store. C2PA 2.5, 11.
type Store struct {
	Root      *jumbf.Box  // the store as it lies in the file
	Update    *jumbf.Box  // the store of an update box beside it, or nil. C2PA 2.5, A.5.2
	Manifests []*Manifest // in the order of the store(s)
	Active    *Manifest   // the last one. C2PA 2.5, 14.5.1
	Skipped   []string    // labels or types of children that are no manifest that is known

	lim     Limits
	byLabel map[string]*Manifest // nil value: the label is there more than once
}

// Manifest is a manifest of a store. C2PA 2.5, 11.
type Manifest struct {
	Label      string
	Type       Type
	Compressed bool       // it lies in a c2cm box
	Box        *jumbf.Box // the superbox in the store; its hash covers the compressed form. C2PA 2.5, 14.5.4
	Inner      *jumbf.Box // the manifest's own superbox; Box unless compressed; nil if that could not be read

	fault string // why a compressed manifest cannot be read
}

// SyntaxError says where the bytes are no manifest store.
type SyntaxError struct {
	Offset int64 // from the start of the store
	Path   string
	Text   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("manifest store: %s at %s (offset %d)", e.Text, e.Path, e.Offset)
}

// superbox types of C2PA, the first four bytes of the UUID. C2PA 2.5, 11.
const uuidTail = "\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71"

const (
	typeStore      = "c2pa"
	typeCompressed = "c2cm"
	typeAssertions = "c2as"
	typeClaim      = "c2cl"
	typeSignature  = "c2cs"
	typeDataBoxes  = "c2db"
)

// boxType returns the four characters of a superbox type that is built as C2PA builds them, or "".
func boxType(b *jumbf.Box) string {
	if b == nil || b.Description == nil || string(b.Description.UUID[4:]) != uuidTail {
		return ""
	}
	return string(b.Description.UUID[:4])
}

// Parse reads a store and, where there is one, the store of an update box that follows it. Bytes behind a store are
// padding. The error is a *[SyntaxError] or, where a limit of ours was reached, a *[LimitError]. C2PA 2.5, 11 and 14.5.
func Parse(store, update []byte, lim Limits) (*Store, error) {
	s := &Store{lim: lim.withDefaults(), byLabel: map[string]*Manifest{}}
	budget := s.lim.Decompressed
	for i, data := range [][]byte{store, update} {
		if i == 1 && data == nil {
			break
		}
		if int64(len(data)) > s.lim.Store {
			return nil, &LimitError{What: "bytes in the manifest store", Limit: s.lim.Store, Where: "c2pa"}
		}
		root, _, err := jumbf.Parse(data, jumbf.Limits{})
		if err != nil {
			return nil, wrap(err)
		}
		if boxType(root) != typeStore || root.Label() != "c2pa" {
			return nil, &SyntaxError{Path: root.Path(), Text: "the outermost superbox is no C2PA manifest store"}
		}
		if b := unaddressed(root); b != nil {
			return nil, &SyntaxError{Offset: b.Offset, Path: b.Path(), Text: "the superbox is not requestable: no URI leads to it"}
		}
		if i == 0 {
			s.Root = root
		} else {
			s.Update = root
		}
		have := len(s.Manifests)
		if err := s.add(root, &budget); err != nil {
			return nil, err
		}
		if i == 1 && len(s.Manifests) == have {
			return nil, &SyntaxError{Path: root.Path(), Text: "the update box holds no manifest"}
		}
	}
	if len(s.Manifests) == 0 {
		return nil, &SyntaxError{Path: "c2pa", Text: "the store holds no manifest"}
	}
	s.Active = s.Manifests[len(s.Manifests)-1]
	return s, nil
}

// unaddressed gives a superbox of C2PA's that has a label and is not requestable, or nil: no URI leads to such a box, and
// each that C2PA defines is to be both. Nobody signs that flag of the boxes around the assertions. C2PA 2.5, 11.1.
func unaddressed(root *jumbf.Box) *jumbf.Box {
	level := []*jumbf.Box{root}
	for range 4 { // store, manifest, its parts, assertions
		var next []*jumbf.Box
		for _, b := range level {
			if b.Description == nil {
				continue
			}
			if typ := boxType(b); typ != "" && !b.Description.Requestable && b.Label() != "" && (strings.HasPrefix(typ, "c2") || boxType(b.Parent()) == typeAssertions) {
				return b
			}
			next = append(next, b.Children...)
		}
		level = next
	}
	return nil
}

// maxLabel bounds a manifest's label in bytes: it is part of every URI that a result holds. C2PA's own are shorter than
// 100 (C2PA 2.5, 9.1); older ones have a vendor's name in front.
const maxLabel = 512

func wrap(err error) error {
	var syntax *jumbf.SyntaxError
	if errors.As(err, &syntax) {
		return &SyntaxError{Offset: syntax.Offset, Path: syntax.Path, Text: syntax.Text}
	}
	var limit *jumbf.LimitError
	if errors.As(err, &limit) {
		return &LimitError{What: limit.What, Limit: int64(limit.Limit), Where: limit.Path}
	}
	return err
}

// add takes the manifests of one store. Unknown boxes are skipped. C2PA 2.5, 11.
func (s *Store) add(root *jumbf.Box, budget *int64) error {
	for _, b := range root.Children {
		m := &Manifest{Label: b.Label(), Box: b, Inner: b}
		typ := boxType(b)
		if typ == typeCompressed {
			m.Compressed, m.Inner = true, nil
			inner, fault, err := decompress(b, budget)
			if err != nil {
				return err
			}
			m.Inner, m.fault = inner, fault
			typ = string(Standard)
			if inner != nil {
				typ = boxType(inner)
			}
		}
		m.Type = Type(typ)
		if m.Label == "" || m.Type != Standard && m.Type != Update && m.Type != Legacy {
			s.Skipped = append(s.Skipped, cmpOr(b.Label(), b.Type))
			continue
		}
		if len(m.Label) > maxLabel {
			return &LimitError{What: "bytes in a manifest's label", Limit: maxLabel, Where: root.Path()}
		}
		if len(s.Manifests) == s.lim.Manifests {
			return &LimitError{What: "manifests", Limit: int64(s.lim.Manifests), Where: root.Path()}
		}
		s.Manifests = append(s.Manifests, m)
		if _, twice := s.byLabel[m.Label]; twice {
			s.byLabel[m.Label] = nil
		} else {
			s.byLabel[m.Label] = m
		}
	}
	return nil
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// Manifest returns the manifest of a label, or nil where there is none or more than one.
func (s *Store) Manifest(label string) *Manifest { return s.byLabel[label] }

// LabelError says that a store has no manifest of the label that was asked for, or more than one.
type LabelError struct {
	Label string
	Have  []string // the labels of the store, in its order; at most 64
	More  int      // that Have leaves out
}

func (e *LabelError) Error() string {
	return fmt.Sprintf("the store has no manifest %q, or more than one", e.Label)
}

func (s *Store) unknownLabel(label string) *LabelError {
	const most = 64
	e := &LabelError{Label: label}
	for _, m := range s.Manifests {
		if len(e.Have) < most {
			e.Have = append(e.Have, m.Label)
		} else {
			e.More++
		}
	}
	return e
}

// URI returns the absolute JUMBF URI of a box in the manifest; no labels give that of the manifest. C2PA 2.5, 9.3.
func (m *Manifest) URI(labels ...string) string {
	var b strings.Builder
	b.WriteString(jumbf.Prefix + "/c2pa/" + m.Label)
	for _, l := range labels {
		b.WriteByte('/')
		b.WriteString(l)
	}
	return b.String()
}

// child returns the manifest's superboxes of a C2PA type, in order.
func (m *Manifest) child(typ string) []*jumbf.Box {
	if m.Inner == nil {
		return nil
	}
	var out []*jumbf.Box
	for _, b := range m.Inner.Children {
		if boxType(b) == typ {
			out = append(out, b)
		}
	}
	return out
}
