// Package ebml walks the elements of a Matroska or WebM file as far as its metadata: tags, attachments, and what the
// file says wrote it. RFC 8794 (EBML); RFC 9559 (Matroska).
//
// It reads headers and metadata only and seeks over the clusters, also over those of unknown length. Of a file of very
// many clusters it reads the start and what the seek heads point at, and says so. Elements inside media are never
// looked for. Start with [Walk].
package ebml

import (
	"fmt"
	"io"
	"math/bits"
	"slices"

	"github.com/consentry/consentry/internal/parts"
)

// maxElements bounds the elements that are stepped over: clusters of a film of some hours. docs/limits.md.
const maxElements = 1 << 14

// The elements that matter. RFC 8794, 11.2; RFC 9559, 5.1.
const (
	idHeader      = 0x1A45DFA3
	idDocType     = 0x4282
	idVoid        = 0xEC
	idSegment     = 0x18538067
	idSeekHead    = 0x114D9B74
	idSeek        = 0x4DBB
	idSeekID      = 0x53AB
	idSeekPos     = 0x53AC
	idInfo        = 0x1549A966
	idTitle       = 0x7BA9
	idMuxingApp   = 0x4D80
	idWritingApp  = 0x5741
	idCluster     = 0x1F43B675
	idTags        = 0x1254C367
	idTag         = 0x7373
	idTargets     = 0x63C0
	idTrackUID    = 0x63C5
	idEditionUID  = 0x63C9
	idChapterUID  = 0x63C4
	idAttachUID   = 0x63C6
	idSimpleTag   = 0x67C8
	idTagName     = 0x45A3
	idTagString   = 0x4487
	idAttachments = 0x1941A469
	idAttached    = 0x61A7
	idFileName    = 0x466E
	idFileType    = 0x4660
	idFileData    = 0x465C
)

// Paths of fields that are no tags.
const (
	PathMuxingApp  = "/Segment/Info/MuxingApp"
	PathWritingApp = "/Segment/Info/WritingApp"
	PathTitle      = "/Segment/Info/Title"
)

// File is the metadata of a file.
type File struct {
	DocType string       // matroska, webm; empty: the header does not say
	Fields  parts.Fields // tags of the file and of its tracks, title and applications
	// Other are tags that speak of a chapter, an edition or an attachment: of a part that is not the film.
	Other       int
	Attachments []Attachment
	Problems    []parts.Problem
}

// Attachment is a file within the file.
type Attachment struct {
	Name, MediaType string
	parts.Range
}

// maxAttachments bounds the list; films with fonts have some dozen.
const maxAttachments = 256

// Walk reads a file. An error means I/O; what is wrong with the file is in its problems.
func Walk(r io.ReaderAt, size int64) (*File, error) {
	w := &walker{r: parts.NewReader(r, size), file: &File{}, seen: map[int64]bool{}}
	at := int64(0)
	for n := 0; at < size; n++ {
		if n == maxElements {
			w.file.Fields.Leave(fmt.Sprintf("what follows byte %d: more than %d elements stand before it", at, maxElements))
			break
		}
		e, ok, err := w.element(at, size, "")
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		switch e.id {
		case idHeader:
			err = w.each(e, "/EBML", func(c element) error {
				if c.id != idDocType || c.Length > 32 {
					return nil
				}
				b, err := w.r.Bytes(c.Offset, c.Length)
				w.file.DocType = string(trim(b))
				return err
			})
		case idSegment:
			err = w.segment(e)
		}
		if err != nil {
			return nil, err
		}
		at = e.End()
	}
	return w.file, nil
}

// trim cuts a text at its first zero byte. RFC 8794, 7.4.
func trim(b []byte) []byte {
	if i := slices.Index(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

type walker struct {
	r     *parts.Reader
	file  *File
	count int
	seen  map[int64]bool // elements that were read, by the offset of their content
	tags  int
}

// element is an element's content.
type element struct {
	id uint32
	parts.Range
	unknown bool // its length is not known: to the end of what is around it
}

func (w *walker) problem(k parts.Kind, at int64, path, format string, args ...any) {
	if len(w.file.Problems) < 16 {
		w.file.Problems = append(w.file.Problems, parts.Problem{Kind: k, Offset: at, Path: path, Text: fmt.Sprintf(format, args...)})
	}
}

// element reads an element's header; false where there is none. RFC 8794, 5 and 6.
//
//	element { vint id (1 to 4 bytes, marker kept); vint size (1 to 8 bytes, marker dropped; all ones: unknown); bytes }
func (w *walker) element(at, end int64, path string) (element, bool, error) {
	h, err := w.r.Upto(at, min(12, end-at))
	if err != nil {
		return element{}, false, err
	}
	if len(h) < 2 {
		w.problem(parts.Trailing, at, path, "%d bytes at offset %d are too few for an element", end-at, at)
		return element{}, false, nil
	}
	n := bits.LeadingZeros8(h[0]) + 1
	if n > 4 || n >= len(h) {
		w.problem(parts.Malformed, at, path, "there is no element at offset %d", at)
		return element{}, false, nil
	}
	e := element{}
	for _, b := range h[:n] {
		e.id = e.id<<8 | uint32(b)
	}
	m := bits.LeadingZeros8(h[n]) + 1
	if m > 8 || n+m > len(h) {
		w.problem(parts.Malformed, at, path, "the element at offset %d has no length", at)
		return element{}, false, nil
	}
	length := uint64(h[n]) & (1<<(8-m) - 1)
	ones := length == 1<<(8-m)-1
	for _, b := range h[n+1 : n+m] {
		length = length<<8 | uint64(b)
		ones = ones && b == 0xff
	}
	e.Offset = at + int64(n+m)
	left := end - e.Offset
	switch {
	case ones:
		e.unknown, e.Length = true, left
	case length > uint64(left):
		w.problem(parts.Truncated, at, path, "the element at offset %d says %d bytes, %d are left", at, length, left)
		e.Length = left
	default:
		e.Length = int64(length)
	}
	return e, true, nil
}

// each visits the elements inside another.
func (w *walker) each(e element, path string, visit func(element) error) error {
	for at := e.Offset; at < e.End(); {
		if w.count++; w.count > 4*maxElements {
			w.file.Fields.Leave("more than 65536 elements of metadata")
			return nil
		}
		c, ok, err := w.element(at, e.End(), path)
		if err != nil || !ok {
			return err
		}
		if err := visit(c); err != nil {
			return err
		}
		at = c.End()
	}
	return nil
}

// segment reads the elements of the top level. A cluster of unknown length ends at the next element that is none of
// its own: its elements are stepped over one by one, as if they stood beside it. RFC 8794, 6.2.
func (w *walker) segment(s element) error {
	var seek []seek
	at := s.Offset
	for n := 0; at < s.End(); n++ {
		if n == maxElements {
			break
		}
		e, ok, err := w.element(at, s.End(), "/Segment")
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		at = e.End()
		switch {
		case e.id == idCluster && e.unknown:
			at = e.Offset
		case e.id == idSeekHead:
			seek, err = w.seekHead(e, s, seek)
		default:
			err = w.top(e)
		}
		if err != nil {
			return err
		}
	}
	if at < s.End() {
		w.file.Fields.Leave(fmt.Sprintf("what follows byte %d and no seek head points at", at))
	}
	for _, k := range seek {
		if k.at < s.Offset || k.at >= s.End() {
			continue
		}
		if e, ok, err := w.element(k.at, s.End(), "/Segment"); err != nil {
			return err
		} else if ok && e.id == k.id {
			if err := w.top(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// top reads an element of the top level, if it holds metadata, and once.
func (w *walker) top(e element) error {
	if w.seen[e.Offset] {
		return nil
	}
	switch e.id {
	case idInfo, idTags, idAttachments:
		w.seen[e.Offset] = true
	}
	switch e.id {
	case idInfo:
		return w.each(e, "/Segment/Info", func(c element) error {
			for id, path := range map[uint32]string{idTitle: PathTitle, idMuxingApp: PathMuxingApp, idWritingApp: PathWritingApp} {
				if c.id == id {
					return w.file.Fields.Read(w.r, path[len("/Segment/Info/"):], path, c.Range)
				}
			}
			return nil
		})
	case idTags:
		return w.each(e, "/Segment/Tags", func(c element) error {
			if c.id != idTag {
				return nil
			}
			w.tags++
			return w.tag(c, fmt.Sprintf("/Segment/Tags/Tag[%d]", w.tags))
		})
	case idAttachments:
		return w.each(e, "/Segment/Attachments", func(c element) error {
			if c.id != idAttached {
				return nil
			}
			return w.attachment(c)
		})
	}
	return nil
}

// seek is what a seek head points at.
type seek struct {
	id uint32
	at int64
}

// maxSeeks bounds what is followed of all seek heads.
const maxSeeks = 64

// seekHead reads where elements of the top level are said to stand. RFC 9559, 5.1.1.
func (w *walker) seekHead(h, segment element, list []seek) ([]seek, error) {
	err := w.each(h, "/Segment/SeekHead", func(e element) error {
		if e.id != idSeek || len(list) == maxSeeks {
			return nil
		}
		var s seek
		err := w.each(e, "/Segment/SeekHead/Seek", func(c element) error {
			if c.Length > 8 {
				return nil
			}
			b, err := w.r.Bytes(c.Offset, c.Length)
			if err != nil {
				return err
			}
			v := uint64(0)
			for _, x := range b {
				v = v<<8 | uint64(x)
			}
			switch c.id {
			case idSeekID:
				s.id = uint32(v)
			case idSeekPos:
				s.at = segment.Offset + int64(min(v, 1<<62))
			}
			return nil
		})
		if s.id == idTags || s.id == idAttachments || s.id == idInfo {
			list = append(list, s)
		}
		return err
	})
	return list, err
}

// tag reads a tag: of the file or its tracks, unless its targets name something else. RFC 9559, 5.1.8.1.
func (w *walker) tag(t element, path string) error {
	var simple []element
	other := false
	err := w.each(t, path, func(c element) error {
		switch c.id {
		case idSimpleTag:
			simple = append(simple, c)
		case idTargets:
			return w.each(c, path, func(u element) error {
				other = other || u.id == idEditionUID || u.id == idChapterUID || u.id == idAttachUID
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if other {
		w.file.Other += len(simple)
		return nil
	}
	for i, s := range simple {
		if err := w.simple(s, fmt.Sprintf("%s/SimpleTag[%d]", path, i+1)); err != nil {
			return err
		}
	}
	return nil
}

// simple reads a name and its text; tags inside of it say more of that one and are not read. RFC 9559, 5.1.8.1.2.
func (w *walker) simple(s element, path string) error {
	name, value := "", element{}
	err := w.each(s, path, func(c element) error {
		switch c.id {
		case idTagName:
			b, err := w.r.Upto(c.Offset, min(c.Length, 256))
			name = string(trim(b))
			return err
		case idTagString:
			value = c
		}
		return nil
	})
	if err != nil || value.id == 0 {
		return err
	}
	return w.file.Fields.Read(w.r, name, path, value.Range)
}

// attachment reads what an attachment is called; its data is not read. RFC 9559, 5.1.6.
func (w *walker) attachment(e element) error {
	var a Attachment
	found := false
	err := w.each(e, "/Segment/Attachments/AttachedFile", func(c element) error {
		var to *string
		switch c.id {
		case idFileName:
			to = &a.Name
		case idFileType:
			to = &a.MediaType
		case idFileData:
			a.Range, found = c.Range, true
			return nil
		default:
			return nil
		}
		b, err := w.r.Upto(c.Offset, min(c.Length, 256))
		*to = string(trim(b))
		return err
	})
	if err != nil || !found {
		return err
	}
	if len(w.file.Attachments) == maxAttachments {
		w.file.Fields.Leave("more than 256 attachments")
		return nil
	}
	w.file.Attachments = append(w.file.Attachments, a)
	return nil
}
