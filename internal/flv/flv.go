// Package flv walks the tags of a Flash Video file and reads the texts of its script tags: onMetaData and onXMPData.
// Adobe Flash Video File Format Specification 10.1, Annex E; AMF 0.
//
// It seeks over sound and pictures. Of a file of very many tags it reads the start and the end, and says so. Start with
// [Walk].
package flv

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// Limits of a file; docs/limits.md has the reasons and the tests.
const (
	maxTags = 1 << 12 // from the start, about a minute; scripts stand among the first
	maxLast = 64      // from the end
	// maxScript bounds a script tag; one with the index of a long film has some hundred kilobytes.
	maxScript = 4 << 20
)

const (
	headerLen  = 9
	tagLen     = 11
	scriptTag  = 18
	typeMask   = 0x1f
	filterMask = 0x20 // encrypted
)

// File is the metadata of a file.
type File struct {
	Fields   parts.Fields // Path is the script's name
	Problems []parts.Problem
}

// Walk reads a file. An error means I/O; what is wrong with the file is in its problems.
func Walk(r io.ReaderAt, size int64) (*File, error) {
	w := &walker{r: parts.NewReader(r, size), file: &File{}}
	h, err := w.r.Upto(0, headerLen)
	if err != nil {
		return nil, err
	}
	if len(h) < headerLen || string(h[:3]) != "FLV" {
		w.problem(parts.Malformed, 0, "there is no header")
		return w.file, nil
	}
	at := max(int64(binary.BigEndian.Uint32(h[5:])), headerLen)
	at += 4 // the size of the tag before the first
	for n := 0; at < size; n++ {
		if n == maxTags {
			return w.file, w.last(at)
		}
		t, ok, err := w.tag(at)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if err := w.script(t); err != nil {
			return nil, err
		}
		at = t.next
	}
	return w.file, nil
}

type walker struct {
	r    *parts.Reader
	file *File
}

func (w *walker) problem(k parts.Kind, at int64, format string, args ...any) {
	if len(w.file.Problems) < 16 {
		w.file.Problems = append(w.file.Problems, parts.Problem{Kind: k, Offset: at, Text: fmt.Sprintf(format, args...)})
	}
}

type tag struct {
	script bool
	data   parts.Range
	next   int64 // where the tag behind it begins
}

// tag reads a tag's header; false where there is none.
//
//	tag { uint8 type; uint24 size, time; uint8 timeExtended; uint24 stream = 0; bytes data; uint32 size of all this }
func (w *walker) tag(at int64) (tag, bool, error) {
	h, err := w.r.Upto(at, tagLen)
	if err != nil {
		return tag{}, false, err
	}
	if len(h) < tagLen {
		w.problem(parts.Trailing, at, "%d bytes at offset %d are too few for a tag", len(h), at)
		return tag{}, false, nil
	}
	switch h[0] & typeMask {
	case 8, 9, scriptTag:
	default:
		w.problem(parts.Malformed, at, "there is no tag at offset %d", at)
		return tag{}, false, nil
	}
	t := tag{script: h[0]&(typeMask|filterMask) == scriptTag}
	t.data = parts.Range{Offset: at + tagLen, Length: int64(h[1])<<16 | int64(h[2])<<8 | int64(h[3])}
	if left := w.r.Size - t.data.Offset; t.data.Length > left {
		w.problem(parts.Truncated, at, "the tag at offset %d says %d bytes, %d are left", at, t.data.Length, left)
		t.data.Length = left
	}
	t.next = t.data.End() + 4
	return t, true, nil
}

// last reads the last tags of a file whose first tags end at an offset, back from the end: each is followed by its size.
func (w *walker) last(from int64) error {
	end := w.r.Size
	for range maxLast {
		b, err := w.r.Upto(end-4, 4)
		if err != nil {
			return err
		}
		at := end - 4 - int64(binary.BigEndian.Uint32(b))
		if at < from || at > end-4-tagLen {
			break
		}
		t, ok, err := w.tag(at)
		if err != nil {
			return err
		}
		if !ok || t.next != end {
			break
		}
		if err := w.script(t); err != nil {
			return err
		}
		end = at
	}
	if end > from {
		w.file.Fields.Leave(fmt.Sprintf("scripts between byte %d and byte %d", from, end))
	}
	return nil
}

// script reads a script tag: a name, and a map of values.
func (w *walker) script(t tag) error {
	if !t.script {
		return nil
	}
	if t.data.Length > maxScript {
		w.file.Fields.Leave(fmt.Sprintf("a script of %d bytes", t.data.Length))
		return nil
	}
	if !w.file.Fields.Spend(t.data.Length) {
		return nil
	}
	b, err := w.r.Upto(t.data.Offset, t.data.Length)
	if err != nil {
		return err
	}
	p := &amf{b: append([]byte(nil), b...), base: t.data.Offset}
	name, ok := p.text(p.byte())
	if !ok {
		return nil
	}
	path := string(name)
	if path != "onMetaData" && path != "onXMPData" {
		return nil
	}
	p.top = func(key string, at int, text []byte) {
		w.file.Fields.Put(parts.Field{Name: key, Path: path, Offset: p.base + int64(at), Text: text})
	}
	if why := p.value(0); why != "" {
		w.problem(parts.Malformed, p.base+int64(p.at), "%s at offset %d: %s", path, p.base+int64(p.at), why)
	}
	return nil
}
