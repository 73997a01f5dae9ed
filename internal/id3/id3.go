// Package id3 reads ID3v2 tags (2.2, 2.3 and 2.4) in front of an MP3 or FLAC stream and finds the manifest store in
// them: the object of a GEOB frame of the type application/c2pa. ID3v2.2.0, ID3v2.3.0, ID3v2.4.0-structure and -frames;
// C2PA 2.5, A.3.5.
//
// Unsynchronisation and compression change the bytes on the way; the ranges that it gives are always those on disk. It
// reads frame headers and C2PA's frames only, in bounded memory. Start with [Walk].
package id3

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// Limits of a tag; docs/limits.md has the reasons and the tests.
const (
	maxTags   = 8       // one behind the other; files have one
	maxHead   = 4 << 10 // bytes of the texts in front of an encapsulated object
	headerLen = 10
	oldLen    = 128 // of an ID3v1 tag
)

// The flags of a tag. ID3v2.4.0-structure, 3.1.
const (
	tagUnsync   = 0x80
	tagExtended = 0x40 // in version 2.2: compressed in a way that was never defined
	tagFooter   = 0x10 // of version 2.4
)

// Walk reads the tags at the start of a file; what follows them is one part, but for an ID3v1 tag at the end. A store
// of more than most bytes, once decompressed, is over the limit.
func Walk(r io.ReaderAt, size, most int64) (*parts.File, error) {
	w := &walker{r: parts.NewReader(r, size), file: &parts.File{}, most: most}
	at := int64(0)
	for n := 1; n <= maxTags; n++ {
		next, err := w.tag(at, n)
		if err != nil {
			return nil, err
		}
		if next == at {
			break
		}
		at = next
	}
	end := size
	if tail, err := w.r.Upto(size-128, 128); size-128 >= at && err != nil {
		return nil, err
	} else if size-128 >= at && len(tail) == 128 && string(tail[:3]) == "TAG" {
		end = size - 128
	}
	for _, p := range []parts.Part{
		{Path: "audio", Range: parts.Range{Offset: at, Length: end - at}},
		{Path: "/ID3v1", Range: parts.Range{Offset: end, Length: size - end}, Meta: true},
	} {
		if p.Length > 0 {
			if err := w.file.Add(p); err != nil {
				return nil, err
			}
		}
	}
	return w.file, nil
}

type walker struct {
	r    *parts.Reader
	file *parts.File
	most int64
	// texts takes the texts of the tags; nil: nobody asks for them, and only stores are looked for.
	texts *parts.Fields
}

// tag is one tag while it is read.
type tag struct {
	version byte
	unsync  bool // of the whole tag, frame headers included: before version 2.4
	path    string
	head    parts.Range
	at, end int64 // where the next frame begins on disk, and where frames end
}

// tag reads the tag at an offset, the n-th, and gives the offset behind it; the same where there is none.
//
//	header { char id[3] = "ID3"; uint8 version, revision, flags; uint8 size[4], seven bits each }
func (w *walker) tag(at int64, n int) (int64, error) {
	h, err := w.r.Upto(at, headerLen)
	if err != nil || len(h) < headerLen || string(h[:3]) != "ID3" || h[3] == 0xff || h[4] == 0xff {
		return at, err
	}
	t := &tag{version: h[3], path: fmt.Sprintf("/ID3v2[%d]", n), head: parts.Range{Offset: at, Length: headerLen}}
	flags := h[5]
	size, ok := syncsafe(h[6:10])
	t.at, t.end = at+headerLen, at+headerLen+size
	next := t.end
	if t.version == 4 && flags&tagFooter != 0 {
		next += headerLen
	}
	switch {
	case !ok:
		w.file.Problem(parts.Malformed, at, t.path, "the size of the tag at offset %d is not written in sevens of bits", at)
		return at, nil
	case next > w.r.Size:
		w.file.Problem(parts.Truncated, at, t.path, "the tag at offset %d ends behind the end of the file", at)
		next, t.end = w.r.Size, min(t.end, w.r.Size)
	}
	if err := w.file.Add(parts.Part{Path: t.path, Range: t.head, Meta: true}); err != nil {
		return 0, err
	}
	readable := t.version >= 2 && t.version <= 4 && (t.version != 2 || flags&tagExtended == 0)
	if readable {
		t.unsync = flags&tagUnsync != 0 && t.version < 4
		if t.version > 2 && flags&tagExtended != 0 {
			err = w.extended(t)
		}
		for more := err == nil; more; {
			more, err = w.frame(t, flags)
		}
		if err != nil {
			return 0, err
		}
	}
	if t.at < next { // padding, a footer, or what cannot be read
		err = w.file.Add(parts.Part{Path: t.path, Range: parts.Range{Offset: t.at, Length: next - t.at}, Meta: true})
	}
	return next, err
}

// extended skips the extended header. ID3v2.3.0, 3.2: its size leaves the size field out; ID3v2.4.0-structure, 3.2: it
// does not.
func (w *walker) extended(t *tag) error {
	c := w.cursor(t)
	h, err := c.take(4)
	if err != nil || len(h) < 4 {
		return err
	}
	n := int64(binary.BigEndian.Uint32(h))
	if t.version == 4 {
		if n, _ = syncsafe(h); n < 6 {
			n = 6
		}
		n -= 4
	}
	if _, err := c.skip(n); err != nil {
		return err
	}
	if err := w.file.Add(parts.Part{Path: t.path, Range: parts.Range{Offset: t.at, Length: c.at - t.at}, Meta: true}); err != nil {
		return err
	}
	t.at = c.at
	return nil
}

// syncsafe reads a number of which each byte carries seven bits.
func syncsafe(b []byte) (n int64, ok bool) {
	ok = true
	for _, c := range b {
		ok = ok && c < 0x80
		n = n<<7 | int64(c&0x7f)
	}
	return n, ok
}

// cursor reads a tag's bytes from where its next frame begins, unsynchronisation undone.
func (w *walker) cursor(t *tag) *cursor {
	return &cursor{r: w.r, at: t.at, end: t.end, unsync: t.unsync}
}

// cursor reads forward. at is always an offset on disk.
type cursor struct {
	r       *parts.Reader
	at, end int64
	unsync  bool
	buf     []byte
}

// take gives the next n bytes, or fewer at the end; they are valid until the next call.
func (c *cursor) take(n int64) ([]byte, error) {
	c.buf = c.buf[:0]
	_, err := c.each(n, func(b []byte) { c.buf = append(c.buf, b...) })
	return c.buf, err
}

// skip passes over n bytes and gives how many there were.
func (c *cursor) skip(n int64) (int64, error) {
	if !c.unsync {
		k := max(0, min(n, c.end-c.at))
		c.at += k
		return k, nil
	}
	return c.each(n, func([]byte) {})
}

// each visits the next n bytes in pieces. A zero behind 0xff is dropped where the tag is unsynchronised. ID3v2.3.0, 5.
func (c *cursor) each(n int64, visit func([]byte)) (done int64, err error) {
	const step = 4 << 10
	for done < n && c.at < c.end {
		b, err := c.r.Bytes(c.at, min(n-done, c.end-c.at, step))
		if err != nil {
			return done, err
		}
		if !c.unsync {
			visit(b)
			done, c.at = done+int64(len(b)), c.at+int64(len(b))
			continue
		}
		i := 0
		for i < len(b) && b[i] != 0xff {
			i++
		}
		if i > 0 {
			visit(b[:i])
			done, c.at = done+int64(i), c.at+int64(i)
			continue
		}
		visit(b[:1])
		done, c.at = done+1, c.at+1
		if c.at < c.end {
			if z, err := c.r.Bytes(c.at, 1); err != nil {
				return done, err
			} else if z[0] == 0 {
				c.at++
			}
		}
	}
	return done, nil
}
