// Package flv walks the tags of a Flash Video file and reads the texts of its script tags: onMetaData and onXMPData.
// Adobe Flash Video File Format Specification 10.1, Annex E; AMF 0. Of files with newer codecs (enhanced RTMP) it says
// which, and whether the stream has statements of C2PA in it, which it does not read.
//
// It seeks over sound and pictures. Of a file of very many tags it reads the start and the end, and says so. Start with
// [Walk].
package flv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/consentry/consentry/internal/parts"
)

// Limits of a file; docs/limits.md has the reasons and the tests.
const (
	maxTags = 1 << 12 // from the start, about a minute; scripts stand among the first
	maxLast = 64      // from the end
	// maxScript bounds a script tag; one with the index of a long film has some hundred kilobytes.
	maxScript = 4 << 20
	// maxCodecs is how many codecs are named; a stream has one or two.
	maxCodecs = 8
	// maxPacket is how much of a packet with metadata is searched for a statement; one with a manifest has some kilobytes.
	maxPacket = 1 << 20
)

const (
	headerLen  = 9
	tagLen     = 11
	soundTag   = 8
	pictureTag = 9
	script3Tag = 15 // a script in the newer form of values, AMF 3, which begins in the older one
	scriptTag  = 18
	typeMask   = 0x1f
	filterMask = 0x20 // encrypted
)

// What a tag of enhanced RTMP begins with. Enhanced RTMP 2, "Extended VideoTagHeader" and "Extended AudioTagHeader".
const (
	enhancedPicture = 0x80 // IsExVideoHeader, in the first byte
	enhancedSound   = 9    // ExHeader, in the upper half of the first byte
	frameCommand    = 5    // a picture that is none, in the three bits between
	packetMask      = 0x0f
	packetMeta      = 4 // of pictures: Metadata
	packetMulti     = 6 // of pictures: Multitrack; of sound one less
	packetModifier  = 7 // ModEx: the kind of packet comes behind some bytes
)

// File is the metadata of a file.
type File struct {
	Fields   parts.Fields // Path is the script's name
	Problems []parts.Problem
	Codecs   []string // that enhanced RTMP names, of the tags that were read; at most 8
	// Statements says that packets of the stream carry statements of C2PA about it. C2PA 2.5, 15.5.3.
	Statements bool
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
		if err := w.content(t); err != nil {
			return nil, err
		}
		at = t.next
	}
	return w.file, nil
}

// content reads what is of interest in a tag.
func (w *walker) content(t tag) error {
	switch t.typ {
	case scriptTag, script3Tag:
		return w.script(t)
	case soundTag, pictureTag:
		return w.packet(t)
	}
	return nil
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
	typ  byte // one that is encrypted has none of those that are read
	data parts.Range
	next int64 // where the tag behind it begins
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
	case soundTag, pictureTag, script3Tag, scriptTag:
	default:
		w.problem(parts.Malformed, at, "there is no tag at offset %d", at)
		return tag{}, false, nil
	}
	t := tag{typ: h[0] & (typeMask | filterMask)}
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
		if err := w.content(t); err != nil {
			return err
		}
		end = at
	}
	if end > from {
		w.file.Fields.Leave(fmt.Sprintf("scripts between byte %d and byte %d", from, end))
	}
	return nil
}

// statements are the names of the statements of C2PA in a stream. C2PA 2.5, 15.5.3.
var statements = [][]byte{[]byte("c2paSegmentInfo"), []byte("c2paManifest")}

// packet looks at the head of a packet of sound or pictures: the codec that enhanced RTMP names, and statements of C2PA.
func (w *walker) packet(t tag) error {
	const head = 64 // modifiers have a few bytes each
	first, err := w.r.Upto(t.data.Offset, min(t.data.Length, 1))
	if err != nil || len(first) == 0 || t.typ == pictureTag && first[0]&enhancedPicture == 0 || t.typ == soundTag && first[0]>>4 != enhancedSound {
		return err
	}
	h, err := w.r.Upto(t.data.Offset, min(t.data.Length, head))
	if err != nil {
		return err
	}
	kind, codec, ok := packetHead(h, t.typ == soundTag)
	if !ok {
		return nil
	}
	if !slices.Contains(w.file.Codecs, codec) && len(w.file.Codecs) < maxCodecs {
		w.file.Codecs = append(w.file.Codecs, codec)
	}
	if t.typ == soundTag || kind != packetMeta || w.file.Statements {
		return nil
	}
	if t.data.Length > maxPacket {
		w.file.Fields.Leave(fmt.Sprintf("a packet of %d bytes with metadata", t.data.Length))
		return nil
	}
	if !w.file.Fields.Spend(t.data.Length) {
		return nil
	}
	b, err := w.r.Upto(t.data.Offset, t.data.Length)
	if err != nil {
		return err
	}
	w.file.Statements = slices.ContainsFunc(statements, func(name []byte) bool { return bytes.Contains(b, name) })
	return nil
}

// packetHead reads the kind and the codec of a packet of enhanced RTMP; false where it names none, or not soon enough.
func packetHead(h []byte, sound bool) (kind byte, codec string, ok bool) {
	kind, multi := h[0]&packetMask, byte(packetMulti)
	if sound {
		multi--
	}
	command := !sound && h[0]>>4&7 == frameCommand
	for h = h[1:]; kind == packetModifier; {
		if len(h) < 3 {
			return 0, "", false
		}
		n := int(h[0]) + 1
		if h = h[1:]; n == 256 {
			n, h = int(binary.BigEndian.Uint16(h))+1, h[2:]
		}
		if len(h) <= n {
			return 0, "", false
		}
		kind, h = h[n]&packetMask, h[n+1:]
	}
	if command && kind != packetMeta {
		return 0, "", false
	}
	if kind == multi && len(h) > 0 {
		kind, h = h[0]&packetMask, h[1:]
	}
	if len(h) < 4 {
		return 0, "", false
	}
	return kind, string(h[:4]), true
}

// script reads a script tag: a name, and a map of values.
func (w *walker) script(t tag) error {
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
	base := t.data.Offset
	if t.typ == script3Tag { // a byte 0 says that what follows begins as the older form does
		if len(b) == 0 || b[0] != 0 {
			return nil
		}
		b, base = b[1:], base+1
	}
	p := &amf{b: append([]byte(nil), b...), base: base}
	name, ok := p.text(p.byte())
	if !ok {
		return nil
	}
	if string(name) == "@setDataFrame" { // as encoders send it to a server, where a recording keeps it
		if name, ok = p.text(p.byte()); !ok {
			return nil
		}
	}
	path := string(name)
	if path != "onMetaData" && path != "onXMPData" {
		return nil
	}
	p.top = func(key string, at int, text []byte) {
		w.file.Fields.Put(parts.Field{Name: key, Path: path, Offset: p.base + int64(at), Text: text})
	}
	switch why := p.value(0); {
	case p.newer:
		w.file.Fields.Leave("values in AMF 3 of " + path)
	case why != "":
		w.problem(parts.Malformed, p.base+int64(p.at), "%s at offset %d: %s", path, p.base+int64(p.at), why)
	}
	return nil
}
