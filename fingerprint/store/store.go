// Package store keeps fingerprints of a studio's own clips in one file, and finds which of them another clip is a copy
// of, or a part of, and where in it.
//
// The file has what the search needs in two flat tables, so that it is read in one go; docs/decisions/fingerprint-store.md
// says why it is no database. It may come from another machine: every number in it is held against what is left, and a
// checksum tells a damaged file. A hit says that pictures look alike: it binds nothing.
//
// Start with [Open] and [Store.Find]; [Writer] makes a file.
package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"time"

	"github.com/consentry/consentry/fingerprint"
)

// The file, all numbers little-endian:
//
//	magic     16 bytes
//	clips     uint32
//	windows   uint32
//	text      uint64, bytes
//	clips   × { code [32], flags uint32, windows uint32, text uint32 (bytes), 0 uint32 }
//	windows × { code [32] }
//	windows × { start uint32, in fifths of a second }
//	text      the clips' JSON, one behind the other
//	checksum  uint32, CRC-32C of all before it
const (
	magic      = "consentry.fp\x00\x01\r\n"
	headerSize = 32
	clipSize   = 48
	windowSize = 36
	sumSize    = 4

	flagLow  = 1 // the whole clip's code says little, or there is none
	flagPart = 2 // part of the clip was not looked at
)

// Limits of a file.
const (
	MaxClips   = 1 << 20
	MaxWindows = 1 << 22  // 1,165 hours; searching them takes 400 MB
	MaxText    = 16 << 10 // bytes of one clip's description
)

// Clip describes a clip: what a hit says of it.
type Clip struct {
	Path       string    `json:"path"`
	Size       int64     `json:"size"`    // bytes
	Changed    time.Time `json:"changed"` // of the file, when it was read
	Indexed    time.Time `json:"indexed"`
	DurationMs int64     `json:"durationMs"`
	Code       string    `json:"code"` // ISCC; empty: none
	Manifest   Manifest  `json:"manifest"`
	// NotChecked says why part of the clip has no fingerprint; empty: all of it was looked at.
	NotChecked []string `json:"notChecked,omitempty"`
}

// Manifest is what a clip's manifest said when it was read.
type Manifest struct {
	State     string   `json:"state"` // trusted, valid, well-formed, invalid, absent; empty: not known
	Label     string   `json:"label,omitempty"`
	Title     string   `json:"title,omitempty"`
	Generator string   `json:"generator,omitempty"`
	Signer    string   `json:"signer,omitempty"`
	SignedAt  string   `json:"signedAt,omitempty"`
	Origin    string   `json:"origin,omitempty"`
	People    []string `json:"people,omitempty"` // id and state, of those that are declared
}

// SyntaxError says where a file is no store.
type SyntaxError struct {
	Offset int64
	Path   string
	Text   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("fingerprint store: %s at %s (offset %d)", e.Text, e.Path, e.Offset)
}

// LimitError says which limit of ours a store is beyond.
type LimitError struct {
	What  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("fingerprint store: more than %d %s", e.Limit, e.What)
}

// entry is what the search knows of a clip.
type entry struct {
	code    fingerprint.Code
	low     bool
	first   uint32 // of its windows
	windows uint32
	text    int64 // offset in the file
	size    uint32
}

// Store is an open store. Its descriptions are read when they are asked for.
type Store struct {
	data   io.ReaderAt
	clips  []entry
	codes  []fingerprint.Code
	starts []uint32
	owner  []uint32 // clip of each window
	index  *index   // made by the first search
	partly int
}

// Len is the number of clips.
func (s *Store) Len() int { return len(s.clips) }

// Partly is the number of clips of which part has no fingerprint: what is not found may be there.
func (s *Store) Partly() int { return s.partly }

// Windows is the number of codes of two seconds.
func (s *Store) Windows() int { return len(s.codes) }

var castagnoli = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// Open reads a store. The error is a *[SyntaxError], a *[LimitError], or that of data.
func Open(data io.ReaderAt, size int64) (*Store, error) {
	var head [headerSize]byte
	if size < headerSize+sumSize {
		return nil, &SyntaxError{Offset: size, Path: "header", Text: "the file ends in it"}
	}
	if err := readAt(data, head[:], 0); err != nil {
		return nil, err
	}
	if string(head[:16]) != magic {
		return nil, &SyntaxError{Path: "magic", Text: "it is no fingerprint store of this version"}
	}
	clips, windows := int64(binary.LittleEndian.Uint32(head[16:])), int64(binary.LittleEndian.Uint32(head[20:]))
	text := binary.LittleEndian.Uint64(head[24:])
	switch {
	case clips > MaxClips:
		return nil, &LimitError{"clips", MaxClips}
	case windows > MaxWindows:
		return nil, &LimitError{"windows", MaxWindows}
	case text > uint64(clips)*MaxText:
		return nil, &SyntaxError{Offset: 24, Path: "text", Text: "longer than all descriptions can be"}
	}
	if want := headerSize + clips*clipSize + windows*windowSize + int64(text) + sumSize; want != size {
		return nil, &SyntaxError{Offset: size, Path: "file", Text: fmt.Sprintf("it has %d bytes and its header promises %d", size, want)}
	}
	if err := checkSum(data, size); err != nil {
		return nil, err
	}
	s := &Store{data: data}
	if err := s.readClips(clips, windows, int64(text)); err != nil {
		return nil, err
	}
	return s, s.readWindows(headerSize+clips*clipSize, windows)
}

// checkSum tells a file that was damaged, or cut while it was written. It does not tell one that was forged.
func checkSum(data io.ReaderAt, size int64) error {
	h := crc32.New(castagnoli())
	if _, err := io.CopyBuffer(h, io.NewSectionReader(data, 0, size-sumSize), make([]byte, 1<<20)); err != nil {
		return err
	}
	var want [sumSize]byte
	if err := readAt(data, want[:], size-sumSize); err != nil {
		return err
	}
	if h.Sum32() != binary.LittleEndian.Uint32(want[:]) {
		return &SyntaxError{Offset: size - sumSize, Path: "checksum", Text: "the file is damaged"}
	}
	return nil
}

// readClips reads the table of clips; text follows both tables.
func (s *Store) readClips(clips, windows, text int64) error {
	raw := make([]byte, clips*clipSize) // no more than the file has
	if err := readAt(s.data, raw, headerSize); err != nil {
		return err
	}
	s.clips = make([]entry, clips)
	at, end := headerSize+clips*clipSize+windows*windowSize, headerSize+clips*clipSize+windows*windowSize+text
	var first int64
	for i := range s.clips {
		b := raw[i*clipSize:]
		flags, n, size := binary.LittleEndian.Uint32(b[32:]), int64(binary.LittleEndian.Uint32(b[36:])), int64(binary.LittleEndian.Uint32(b[40:]))
		fault := func(text string) error {
			return &SyntaxError{Offset: int64(headerSize + i*clipSize), Path: fmt.Sprintf("clip[%d]", i), Text: text}
		}
		switch {
		case flags > flagLow|flagPart || binary.LittleEndian.Uint32(b[44:]) != 0:
			return fault("flags that this version does not know")
		case n > windows-first:
			return fault("more windows than there are")
		case size > MaxText || size > end-at:
			return fault("more text than there is")
		}
		s.clips[i] = entry{low: flags&flagLow != 0, first: uint32(first), windows: uint32(n), text: at, size: uint32(size)}
		copy(s.clips[i].code[:], b)
		if flags&flagPart != 0 {
			s.partly++
		}
		first, at = first+n, at+size
	}
	if first != windows || at != end {
		return &SyntaxError{Offset: end, Path: "clips", Text: "windows or text that belong to no clip"}
	}
	return nil
}

func (s *Store) readWindows(at, windows int64) error {
	s.codes, s.starts = make([]fingerprint.Code, windows), make([]uint32, windows)
	s.owner = make([]uint32, windows)
	buf := make([]byte, 1<<20)
	for i := int64(0); i < windows; {
		n := min(windows-i, int64(len(buf)/32))
		if err := readAt(s.data, buf[:n*32], at+i*32); err != nil {
			return err
		}
		for k := range n {
			copy(s.codes[i+k][:], buf[k*32:])
		}
		i += n
	}
	for i := int64(0); i < windows; {
		n := min(windows-i, int64(len(buf)/4))
		if err := readAt(s.data, buf[:n*4], at+windows*32+i*4); err != nil {
			return err
		}
		for k := range n {
			s.starts[i+k] = binary.LittleEndian.Uint32(buf[k*4:])
		}
		i += n
	}
	for i := range s.clips {
		c := &s.clips[i]
		for k := range c.windows {
			s.owner[c.first+k] = uint32(i)
		}
	}
	return nil
}

// readAt reads all of p.
func readAt(data io.ReaderAt, p []byte, at int64) error {
	n, err := data.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Clip reads the description of clip i. The error is a *[SyntaxError] where it is no JSON, or that of the file.
func (s *Store) Clip(i int) (*Clip, error) {
	e := &s.clips[i]
	raw := make([]byte, e.size)
	if err := readAt(s.data, raw, e.text); err != nil {
		return nil, err
	}
	c := &Clip{}
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, &SyntaxError{Offset: e.text, Path: fmt.Sprintf("clip[%d]", i), Text: "its description is no JSON of ours"}
	}
	return c, nil
}

// Prints are the codes of clip i, as a [Writer] takes them.
func (s *Store) Prints(i int) Prints {
	e := &s.clips[i]
	p := Prints{Whole: e.code, Low: e.low}
	for k := e.first; k < e.first+e.windows; k++ {
		p.Windows = append(p.Windows, fingerprint.Window{Start: time.Duration(s.starts[k]) * slotTime, Code: s.codes[k]})
	}
	return p
}

const slotTime = time.Second / fingerprint.Rate

// Prints are the codes of one clip.
type Prints struct {
	Whole   fingerprint.Code
	Low     bool // Whole says little, or there is none
	Windows []fingerprint.Window
}

// PrintsOf takes what was computed of a clip. For a store, step is [fingerprint.StoreStep]; zero takes every window.
func PrintsOf(v *fingerprint.Video, step time.Duration) Prints {
	p := Prints{Low: true}
	if r := v.Result(); r != nil {
		p.Whole, p.Low = r.Code, r.LowInformation()
	}
	for _, w := range v.List() {
		if w.Start >= 0 && (step == 0 || w.Start%step == 0) {
			p.Windows = append(p.Windows, w)
		}
	}
	return p
}
