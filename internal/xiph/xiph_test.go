package xiph_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/xiph"
)

func text(name, value string) forge.Text { return forge.Text{Name: name, Value: value} }

func fields(f *xiph.File) string {
	var out []string
	for _, x := range f.Fields.List {
		out = append(out, x.Name+"="+string(x.Text))
	}
	return strings.Join(out, " ")
}

func ogg(t testing.TB, data []byte, starts ...int64) *xiph.File {
	t.Helper()
	f, err := xiph.Ogg(bytes.NewReader(data), int64(len(data)), starts)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func flac(t testing.TB, data []byte) *xiph.File {
	t.Helper()
	f, err := xiph.FLAC(bytes.NewReader(data), int64(len(data)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOgg(t *testing.T) {
	comments := forge.Comments("lib", text("A", "1"), text("B", "x=y"))
	block := append([]byte{0x84, 0, 0, byte(len(comments))}, comments...)
	lie := slices.Clone(comments)
	binary.LittleEndian.PutUint32(lie[7:], 1<<31)
	short := slices.Clone(comments)
	binary.LittleEndian.PutUint32(short[11:], 1<<31)
	const all = "vendor=lib A=1 B=x=y"
	for _, c := range []struct {
		name, want string
		packet     []byte
		broken     bool
	}{
		{"Vorbis", all, append([]byte("\x03vorbis"), comments...), false},
		{"Theora", all, append([]byte("\x81theora"), comments...), false},
		{"Opus", all, append([]byte("OpusTags"), comments...), false},
		{"FLAC", all, block, false},
		{"Speex", all, comments, false},
		{"something else", "", []byte("\xff\xff\xff\xff picture"), false},
		{"over many pages", all + " C=" + strings.Repeat("z", 9000), append([]byte("OpusTags"), forge.Comments("lib", text("A", "1"), text("B", "x=y"), text("C", strings.Repeat("z", 9000)))...), false},
		{"a count that lies", all, append([]byte("OpusTags"), lie...), true},
		{"a length that lies", "vendor=lib", append([]byte("OpusTags"), short...), true},
		{"the vendor's length lies", "", []byte("OpusTags\xff\xff\xff\xff"), true},
		{"a comment without a name", "vendor=lib", append([]byte("OpusTags"), "\x03\x00\x00\x00lib\x01\x00\x00\x00\x04\x00\x00\x00AIGC"...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := forge.OggHeaders(7, []byte("first"), c.packet)
			f := ogg(t, data, 0)
			if got := fields(f); got != c.want || (len(f.Problems) > 0) != c.broken {
				t.Errorf("fields %.120s, problems %v", got, f.Problems)
			}
			for _, x := range f.Fields.List {
				if n := min(len(x.Text), 16); !bytes.HasPrefix(data[x.Offset:], x.Text[:n]) {
					t.Errorf("%s does not stand at offset %d", x.Name, x.Offset)
				}
			}
		})
	}
}

func TestFLAC(t *testing.T) {
	comments := forge.Comments("lib", text("A", "1"))
	data := forge.FLACBlocks(map[byte][]byte{4: comments, 6: forge.FLACPicture("picture")})
	f := flac(t, data)
	if fields(f) != "vendor=lib A=1" || len(f.Fields.Pictures) != 1 || len(f.Problems) > 0 {
		t.Fatalf("fields %s, %+v, %v", fields(f), f.Fields, f.Problems)
	}
	if p := f.Fields.Pictures[0]; string(data[p.Offset:p.End()]) != "picture" {
		t.Errorf("picture %q", data[p.Offset:p.End()])
	}
	if f := flac(t, data[:60]); len(f.Problems) == 0 {
		t.Error("a file that is cut has no problem")
	}
	if f := flac(t, []byte("OggS")); fields(f) != "" || len(f.Problems) > 0 {
		t.Error("a file that is no FLAC has comments")
	}
	cover := forge.FLACBlocks(map[byte][]byte{4: forge.Comments("lib", text("metadata_block_picture", "AAAAAw=="))})
	if f := flac(t, cover); fields(f) != "vendor=lib" || f.Fields.Left == "" {
		t.Errorf("a cover in base64: %s, left out %q", fields(f), f.Fields.Left)
	}
}

// TestLimits: at each limit all is read, one past it the file says what was left out.
func TestLimits(t *testing.T) {
	sized := func(n int) []byte { // comments of so many bytes
		list := forge.Comments("lib", text("A", "1"))
		return append(list, make([]byte, n-len(list))...)
	}
	opus := func(segments, n int) []byte {
		return forge.OggPages(7, segments, []byte("first"), append([]byte("OpusTags"), sized(n-8)...))
	}
	// alone is a bitstream of a single packet, in front of others: all pages are looked through for its second.
	alone := forge.OggPages(9, 1, []byte("first"), nil)[:27+1+5]
	other := forge.OggHeaders(7, []byte("first"), append([]byte("OpusTags"), forge.Comments("lib", text("A", "1"))...))
	several := func(n int) *xiph.File {
		data := slices.Concat(alone, bytes.Repeat(forge.OggPages(8, 1, []byte("other"), nil)[:33], 1200), other)
		return ogg(t, data, append(slices.Repeat([]int64{0}, n), int64(len(data)-len(other)))...)
	}
	padding := func(n int) []byte {
		b := append([]byte("fLaC"), bytes.Repeat([]byte{1, 0, 0, 0}, n-1)...)
		c := forge.Comments("lib", text("A", "1"))
		return append(append(b, 0x84, 0, 0, byte(len(c))), c...)
	}
	block := func(n int) []byte {
		b := append([]byte("fLaC"), 0x84, byte(n>>16), byte(n>>8), byte(n))
		return append(b, sized(n)...)
	}
	const all = "vendor=lib A=1"
	for _, c := range []struct {
		name string
		f    *xiph.File
		want string
		all  bool
	}{
		{"bytes of a packet", ogg(t, opus(254, 4<<20), 0), all, true},
		{"one more byte of a packet", ogg(t, opus(254, 4<<20+1), 0), all, false},
		{"pages of a packet", ogg(t, opus(8, 510*2040+100), 0), all, true},
		{"more pages of a packet", ogg(t, opus(8, 511*2040+100), 0), "", false},
		{"pages of seven bitstreams without an end", several(7), all, true},
		{"of eight", several(8), "", false},
		{"bytes of a block", flac(t, block(4<<20)), all, true},
		{"one more byte of a block", flac(t, block(4<<20+1)), all, false},
		{"blocks", flac(t, padding(256)), all, true},
		{"one more block", flac(t, padding(257)), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fields(c.f); got != c.want || (c.f.Fields.Left == "") != c.all {
				t.Errorf("fields %s, left out: %q", got, c.f.Fields.Left)
			}
		})
	}
}

// FuzzOgg: whatever the bytes, a field begins inside the file.
func FuzzOgg(f *testing.F) {
	for _, p := range []string{"OpusTags", "\x03vorbis", "\x81theora", "", "\x04\x00\x00\x10"} {
		f.Add(forge.OggHeaders(7, []byte("first"), append([]byte(p), forge.Comments("lib", text("AIGC", "{}"))...)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, x := range ogg(t, data, 0, int64(len(data)/2)).Fields.List {
			if x.Offset < 0 || x.Offset > int64(len(data)) {
				t.Fatalf("%+v in a file of %d bytes", x, len(data))
			}
		}
	})
}

// FuzzFLAC: whatever the bytes, a text is one that stands in the file at its offset, and pictures lie inside.
func FuzzFLAC(f *testing.F) {
	c := forge.Comments("lib", text("AIGC", "{}"))
	for _, seed := range [][]byte{
		forge.FLACBlocks(map[byte][]byte{4: c}), forge.FLACBlocks(map[byte][]byte{6: forge.FLACPicture("x")}),
		forge.FLACBlocks(map[byte][]byte{4: c, 6: forge.FLACPicture("x")}), []byte("fLaC\x84\xff\xff\xff"), []byte("fLaC\x06\x00\x00\x08\x00\x00\x00\x03\xff\xff\xff\xff"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := flac(t, data)
		for _, x := range got.Fields.List {
			if x.Offset < 0 || x.Offset+int64(len(x.Text)) > int64(len(data)) || !bytes.Equal(data[x.Offset:x.Offset+int64(len(x.Text))], x.Text) {
				t.Fatalf("%q does not stand at offset %d", x.Text, x.Offset)
			}
		}
		for _, p := range got.Fields.Pictures {
			if p.Offset < 0 || p.Length < 0 || p.End() > int64(len(data)) {
				t.Fatalf("picture %+v of a file of %d bytes", p, len(data))
			}
		}
	})
}
