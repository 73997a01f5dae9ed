package riff

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/consentry/consentry/internal/parts"
)

// LabelChunk is the name of the chunk with a label of generated content. TC260-PG-20257A.
const LabelChunk = "AIGC"

// Texts reads the texts of a walked file: the entries of its INFO lists, each under its own name, and [LabelChunk].
// Multimedia Programming Interface 1.0, 2-14.
func Texts(r io.ReaderAt, size int64, f *parts.File) (*parts.Fields, error) {
	in, out := parts.NewReader(r, size), &parts.Fields{}
	for i := range f.Parts {
		p := &f.Parts[i]
		switch {
		case p.Name == "INFO" && p.Length >= 12:
			if err := info(in, out, p); err != nil {
				return nil, err
			}
		case p.Name == "hdrl" && p.Length >= 12:
			if err := header(in, out, p); err != nil {
				return nil, err
			}
		case p.Name == LabelChunk && p.Length >= 8:
			body, err := content(in, p.Offset, p.End())
			if err != nil {
				return nil, err
			}
			if err := out.Read(in, LabelChunk, p.Path, body); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// maxHeader bounds the chunks of an AVI header that are passed over; it has a list for each of some streams, and one more.
const maxHeader = 256

// header reads the INFO lists that some writers put among the lists of streams, where FFmpeg reads them, too.
func header(r *parts.Reader, out *parts.Fields, list *parts.Part) error {
	n := 0
	for at := list.Offset + 12; list.End()-at >= 12; n++ {
		if n == maxHeader {
			out.Leave(fmt.Sprintf("more than %d chunks (%s)", maxHeader, list.Path))
			return nil
		}
		h, err := r.Bytes(at, 12)
		if err != nil {
			return err
		}
		body, err := content(r, at, list.End())
		if err != nil {
			return err
		}
		if string(h[:4]) == "LIST" && string(h[8:]) == "INFO" {
			inner := parts.Part{Name: "INFO", Path: list.Path + "/INFO", Range: parts.Range{Offset: at, Length: body.End() - at}}
			if err := info(r, out, &inner); err != nil {
				return err
			}
		}
		at = body.End() + body.Length%2
	}
	return nil
}

// content is where the content of the chunk at an offset stands, clipped to what is there.
func content(r *parts.Reader, at, end int64) (parts.Range, error) {
	h, err := r.Bytes(at, 8)
	if err != nil {
		return parts.Range{}, err
	}
	return parts.Range{Offset: at + 8, Length: min(int64(binary.LittleEndian.Uint32(h[4:])), end-at-8)}, nil
}

// info reads the entries of an INFO list.
func info(r *parts.Reader, out *parts.Fields, list *parts.Part) error {
	for at := list.Offset + 12; list.End()-at >= 8; {
		h, err := r.Bytes(at, 8)
		if err != nil {
			return err
		}
		id := string(h[:4])
		if out.Full() {
			out.Leave("more than 4096 texts (" + list.Path + ")")
			return nil
		}
		body, err := content(r, at, list.End())
		if err != nil {
			return err
		}
		if err := out.Read(r, id, fmt.Sprintf("%s/%s", list.Path, id), body); err != nil {
			return err
		}
		at = body.End() + body.Length%2
	}
	return nil
}
