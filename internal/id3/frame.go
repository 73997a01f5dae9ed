package id3

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/consentry/consentry/internal/parts"
)

// What a frame's flags say of its bytes, whatever the version.
type form struct {
	compressed, encrypted, unsync bool
	extra                         int64 // bytes between the header and the content
}

// formOf reads the second byte of a frame's flags. ID3v2.3.0, 3.3.1; ID3v2.4.0-structure, 4.1.2.
func formOf(version, flags, tagFlags byte) form {
	var f form
	switch version {
	case 3:
		f = form{compressed: flags&0x80 != 0, encrypted: flags&0x40 != 0}
		if f.compressed {
			f.extra += 4
		}
		if flags&0x20 != 0 {
			f.extra++
		}
	case 4:
		f = form{compressed: flags&0x08 != 0, encrypted: flags&0x04 != 0, unsync: flags&0x02 != 0 || tagFlags&tagUnsync != 0}
		if flags&0x40 != 0 {
			f.extra++
		}
		if flags&0x01 != 0 {
			f.extra += 4
		}
	}
	if f.encrypted {
		f.extra++
	}
	return f
}

// frame reads the next frame; false where there is none.
//
//	2.2: { char id[3]; uint24 size }   2.3 and 2.4: { char id[4]; uint32 size (2.4: seven bits a byte); uint8 flags[2] }
func (w *walker) frame(t *tag, tagFlags byte) (bool, error) {
	c := w.cursor(t)
	length := int64(headerLen)
	if t.version == 2 {
		length = 6
	}
	h, err := c.take(length)
	if err != nil || int64(len(h)) < length || h[0] == 0 {
		return false, err // padding
	}
	var id string
	var size int64
	var f form
	if t.version == 2 {
		id, size = string(h[:3]), int64(h[3])<<16|int64(h[4])<<8|int64(h[5])
	} else {
		id, size, f = string(h[:4]), int64(binary.BigEndian.Uint32(h[4:])), formOf(t.version, h[9], tagFlags)
		if t.version == 4 {
			var ok bool
			if size, ok = syncsafe(h[4:8]); !ok {
				w.file.Problem(parts.Malformed, t.at, t.path, "the frame at offset %d has a size that is not written in sevens of bits", t.at)
				return false, nil
			}
		}
	}
	path := t.path + "/" + strings.ToValidUTF8(id, "?")
	start := c.at
	body := &cursor{r: w.r, at: start, end: t.end, unsync: t.unsync}
	got, err := body.skip(size)
	if err != nil {
		return false, err
	}
	if got < size {
		w.file.Problem(parts.Malformed, t.at, path, "the frame at offset %d says %d bytes, the tag has %d", t.at, size, got)
	}
	p := parts.Part{Path: path, Range: parts.Range{Offset: t.at, Length: body.at - t.at}, Meta: true}
	if err := w.file.Add(p); err != nil {
		return false, err
	}
	o := object{tag: t, form: f, at: start, end: body.at, size: got, path: path, outer: p.Range, short: got < size}
	switch {
	case w.texts != nil:
		err = w.text(&o, id)
	case id == "GEOB", id == "GEO":
		err = w.encapsulated(&o)
	case id == "PRIV":
		err = w.private(&o)
	}
	t.at = body.at
	return err == nil && got == size, err
}

// object is the content of a frame.
type object struct {
	tag     *tag
	form    form
	at, end int64 // on disk
	size    int64 // unsynchronisation of the tag undone
	path    string
	outer   parts.Range
	short   bool
}

// reader gives the content of a frame as it was meant, from behind what the flags put in front of it. plain says that
// it stands in the file as it is.
func (w *walker) reader(o *object) (r io.Reader, plain bool, err error) {
	c := &cursor{r: w.r, at: o.at, end: o.end, unsync: o.tag.unsync}
	if _, err := c.skip(o.form.extra); err != nil {
		return nil, false, err
	}
	o.at = c.at
	if o.form.unsync { // of the frame, in version 2.4
		c.unsync = true
	}
	r = &stream{c: c}
	if !o.form.compressed {
		return r, !c.unsync, nil
	}
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, false, err
	}
	return z, false, nil
}

// stream is a cursor as an io.Reader.
type stream struct{ c *cursor }

func (s *stream) Read(p []byte) (int, error) {
	b, err := s.c.take(int64(min(len(p), 4<<10)))
	if err != nil {
		return 0, err
	}
	if len(b) == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return copy(p, b), nil
}

// isC2PA says that an object of the media type is a manifest store. C2PA 2.5, 11.8 and A.3.5.
func isC2PA(media string) bool {
	return strings.EqualFold(media, "application/c2pa") || strings.EqualFold(media, "application/x-c2pa-manifest-store")
}

const undone = "the frame that carries the store cannot be decompressed"

// encapsulated reads a GEOB frame as far as it has to: the object of every other type stays unread.
//
//	GEOB { uint8 encoding; latin1 media type, 0; text file name, 0; text description, 0; bytes object }
//
// ID3v2.4.0-frames, 4.15.
func (w *walker) encapsulated(o *object) error {
	if o.form.encrypted {
		return nil // its type is encrypted too: nothing says that it is a store
	}
	r, plain, err := w.reader(o)
	if err != nil {
		return w.unreadable(o, err)
	}
	head := make([]byte, min(o.size, maxHead))
	if o.form.compressed {
		head = make([]byte, maxHead)
	}
	n, err := io.ReadFull(r, head)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = nil // shorter than that
	}
	media, skip := splitObject(head[:n])
	if err != nil && (!isFormat(err) || !isC2PA(media)) {
		return w.unreadable(o, err)
	}
	if !isC2PA(media) {
		return nil
	}
	s := parts.Store{Path: o.path, Outer: []parts.Range{o.outer}, Wrap: []parts.Range{o.tag.head}}
	switch {
	case err != nil:
		s.Fault = undone
	case skip < 0:
		s.Fault = fmt.Sprintf("the texts in front of the store do not end within %d bytes", maxHead)
	case o.short:
		s.Fault = "the frame that carries the store ends behind its tag"
	case plain:
		s.Inner = []parts.Range{{Offset: o.at + int64(skip), Length: o.end - o.at - int64(skip)}}
	default:
		s.Inner = []parts.Range{{Offset: o.at, Length: o.end - o.at}}
		var whole bytes.Buffer
		whole.Write(head[skip:n])
		more, err := io.Copy(&whole, io.LimitReader(r, w.most+1-int64(n-skip)))
		if int64(n-skip)+more > w.most {
			return &parts.LimitError{What: "bytes in the manifest store", Limit: w.most, Offset: o.outer.Offset}
		}
		if err != nil {
			if !isFormat(err) {
				return err
			}
			s.Fault = undone
		}
		s.Data = whole.Bytes()
	}
	if len(w.file.Stores) < 2 {
		w.file.Stores = append(w.file.Stores, s)
	}
	return nil
}

// unreadable notes a frame whose compression is broken; other errors are the reader's.
func (w *walker) unreadable(o *object, err error) error {
	if !o.form.compressed || !isFormat(err) {
		return err
	}
	w.file.Problem(parts.Malformed, o.outer.Offset, o.path, "the frame at offset %d cannot be decompressed", o.outer.Offset)
	return nil
}

// isFormat tells what the decompressor says of its input from what reading the file gave.
func isFormat(err error) bool {
	switch err {
	case zlib.ErrHeader, zlib.ErrChecksum, zlib.ErrDictionary, io.EOF, io.ErrUnexpectedEOF:
		return true
	}
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	return errors.As(err, &corrupt) || errors.As(err, &internal)
}

// splitObject gives the media type of an encapsulated object and where the object begins; -1 where the texts in front
// of it do not end.
func splitObject(b []byte) (media string, object int) {
	if len(b) == 0 {
		return "", -1
	}
	wide := b[0] == 1 || b[0] == 2 // UTF-16
	i := bytes.IndexByte(b[1:], 0)
	if i < 0 {
		return "", -1
	}
	media, object = string(b[1:1+i]), 1+i+1
	for range 2 {
		n := textEnd(b[object:], wide)
		if n == 0 {
			return media, -1
		}
		object += n
	}
	return media, object
}

// textEnd is where a text's terminator ends; 0: it has none.
func textEnd(b []byte, wide bool) int {
	if !wide {
		return bytes.IndexByte(b, 0) + 1
	}
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			return i + 2
		}
	}
	return 0
}

// private notes where XMP lies. XMP Specification Part 3, 2.3.3.
func (w *walker) private(o *object) error {
	if o.form != (form{}) || o.tag.unsync {
		return nil // a packet that is not in the file as it is: shown by nothing that writes such tags
	}
	h, err := w.r.Upto(o.at, min(4, o.size))
	if err == nil && string(h) == "XMP\x00" {
		w.file.XMP = append(w.file.XMP, parts.Range{Offset: o.at + 4, Length: o.end - o.at - 4})
	}
	return err
}
