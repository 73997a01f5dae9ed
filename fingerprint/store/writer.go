package store

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"io"
	"math"
)

// Writer collects clips for a file. The zero value is empty.
type Writer struct {
	heads, codes, starts, text []byte
	clips, windows             int64
}

// Add takes one clip. The error is a *[LimitError]: the file would not be read again.
func (w *Writer) Add(c *Clip, p Prints) error {
	text, err := json.Marshal(c)
	switch {
	case err != nil:
		return err
	case len(text) > MaxText:
		return &LimitError{"bytes in the description of a clip", MaxText}
	case w.clips == MaxClips:
		return &LimitError{"clips", MaxClips}
	case int64(len(p.Windows)) > MaxWindows-w.windows:
		return &LimitError{"windows", MaxWindows}
	}
	var flags uint32
	if p.Low {
		flags = flagLow
	}
	if len(c.NotChecked) > 0 {
		flags |= flagPart
	}
	w.heads = append(w.heads, p.Whole[:]...)
	for _, n := range [...]uint32{flags, uint32(len(p.Windows)), uint32(len(text)), 0} {
		w.heads = binary.LittleEndian.AppendUint32(w.heads, n)
	}
	for _, win := range p.Windows {
		w.codes = append(w.codes, win.Code[:]...)
		slot := min(max(int64(win.Start/slotTime), 0), math.MaxUint32)
		w.starts = binary.LittleEndian.AppendUint32(w.starts, uint32(slot))
	}
	w.text = append(w.text, text...)
	w.clips++
	w.windows += int64(len(p.Windows))
	return nil
}

// WriteTo writes the file.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	head := []byte(magic)
	head = binary.LittleEndian.AppendUint32(head, uint32(w.clips))
	head = binary.LittleEndian.AppendUint32(head, uint32(w.windows))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(w.text)))
	var n int64
	var sum uint32
	for _, part := range [][]byte{head, w.heads, w.codes, w.starts, w.text} {
		k, err := out.Write(part)
		if n += int64(k); err != nil {
			return n, err
		}
		sum = crc32.Update(sum, castagnoli(), part)
	}
	k, err := out.Write(binary.LittleEndian.AppendUint32(nil, sum))
	return n + int64(k), err
}
