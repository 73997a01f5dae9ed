package flv_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/flv"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
)

func walk(t testing.TB, data []byte) *flv.File {
	t.Helper()
	f, err := flv.Walk(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func fields(f *flv.File) string {
	var out []string
	for _, x := range f.Fields.List {
		out = append(out, x.Path+"."+x.Name+"="+string(x.Text))
	}
	return strings.Join(out, " ")
}

var (
	picture = forge.FLVTag(9, []byte("picture"))
	label   = forge.FLVScript("onMetaData", forge.Text{Name: "AIGC", Value: "{}"})
)

// script is a script tag of raw values.
func script(values string) []byte { return forge.FLVTag(18, []byte("\x02\x00\x0aonMetaData"+values)) }

func TestWalk(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	encrypted := slices.Clone(label)
	encrypted[0] |= 0x20
	for _, c := range []struct {
		name, want string
		data       []byte
		kind       parts.Kind
	}{
		{"a script", "onMetaData.AIGC={}", forge.FLV(label, picture), ""},
		{"as an encoder sends it to a server", "onMetaData.AIGC={}", forge.FLV(forge.FLVTag(18, []byte("\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09"))), ""},
		{"another name behind that word", "", forge.FLV(forge.FLVTag(18, []byte("\x02\x00\x0d@setDataFrame\x02\x00\x0aonCuePoint\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09"))), ""},
		{"behind pictures", "onMetaData.AIGC={}", forge.FLV(picture, picture, label), ""},
		{"a text of more than 64 KiB", "onMetaData.a=" + long, forge.FLV(forge.FLVScript("onMetaData", forge.Text{Name: "a", Value: long})), ""},
		{"a map without a count", "onMetaData.AIGC={}", forge.FLV(script("\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09")), ""},
		{"values of every kind before it", "onMetaData.AIGC={}", forge.FLV(script("\x03\x00\x01a\x01\x01\x00\x01b\x05\x00\x01c\x06\x00\x01d\x07\x00\x01\x00\x01e\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01f\x0f\x00\x00\x00\x01x\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09")), ""},
		{"a text in a map in the map", "", forge.FLV(script("\x03\x00\x01a\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09\x00\x00\x09")), ""},
		{"another script", "", forge.FLV(forge.FLVScript("onCuePoint", forge.Text{Name: "AIGC", Value: "{}"})), ""},
		{"an encrypted script", "", forge.FLV(encrypted), ""},
		{"a script that begins AMF 3", "onMetaData.AIGC={}", forge.FLV(newer("\x00", "\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09")), ""},
		{"a script of AMF 3 alone", "", forge.FLV(newer("", "\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09")), ""},
		{"behind pictures of enhanced RTMP", "onMetaData.AIGC={}", forge.FLV(forge.FLVPacket(0, "hvc1", []byte("x")), forge.FLVPacket(1, "hvc1", []byte("x")), label), ""},
		{"a picture that looks like a script", "", forge.FLV(forge.FLVTag(9, label)), ""},
		{"no header", "", []byte("FLX\x01"), parts.Malformed},
		{"a type that is none", "onMetaData.AIGC={}", forge.FLV(label, forge.FLVTag(3, nil)), parts.Malformed},
		{"a tag that is cut", "onMetaData.AIGC={}", forge.FLV(label, picture)[:len(forge.FLV(label, picture))-6], parts.Truncated},
		{"a map that is cut", "onMetaData.AIGC={}", forge.FLV(script("\x03\x00\x04AIGC\x02\x00\x02{}\x00")), parts.Malformed},
		{"a text that is cut", "", forge.FLV(script("\x03\x00\x04AIGC\x02\x00\x09{}")), parts.Malformed},
		{"a list longer than the file", "", forge.FLV(script("\x0a\xff\xff\xff\xff")), parts.Malformed},
		{"a kind that nobody knows", "", forge.FLV(script("\x03\x00\x01a\x0d\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09")), parts.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := walk(t, c.data)
			if got := fields(f); got != c.want {
				t.Errorf("fields %.100s", got)
			}
			var kind parts.Kind
			if len(f.Problems) > 0 {
				kind = f.Problems[0].Kind
			}
			if kind != c.kind {
				t.Errorf("problems %v, expected %q", f.Problems, c.kind)
			}
		})
	}
}

// newer is a script tag of AMF 3; the byte in front says that its values begin as AMF 0.
func newer(front, values string) []byte {
	return forge.FLVTag(15, []byte(front+"\x02\x00\x0aonMetaData"+values))
}

// TestEnhanced: the packets of enhanced RTMP name their codecs, and the metadata of the stream may hold statements.
func TestEnhanced(t *testing.T) {
	sound := func(head string) []byte { return forge.FLVTag(8, []byte(head)) }
	pictures := func(head string) []byte { return forge.FLVTag(9, []byte(head)) }
	long := forge.FLVPacket(4, "av01", append(make([]byte, 1<<20-5-12), "c2paManifest"...))
	for _, c := range []struct {
		name      string
		tags      [][]byte
		codecs    string
		statement bool
		left      string
	}{
		{"older pictures and sound", [][]byte{picture, pictures("\x17\x01avc1"), sound("\xaf\x01mp4a")}, "", false, ""},
		{"pictures and sound", [][]byte{forge.FLVPacket(0, "av01", nil), forge.FLVPacket(1, "av01", []byte("x")), sound("\x91Opus")}, "av01 Opus", false, ""},
		{"several tracks of pictures", [][]byte{pictures("\x96\x01hvc1\x00")}, "hvc1", false, ""},
		{"several tracks of sound", [][]byte{sound("\x95\x01ac-3\x00")}, "ac-3", false, ""},
		{"a modifier", [][]byte{pictures("\x97\x02\x00\x00\x01\x01hvc1")}, "hvc1", false, ""},
		{"a long modifier", [][]byte{pictures("\x97\xff\x00\x03abcd\x01hvc1")}, "hvc1", false, ""},
		{"a modifier past its packet", [][]byte{pictures("\x97\xff\xff\xffabcd\x01hvc1")}, "", false, ""},
		{"a command", [][]byte{pictures("\xd0\x00hvc1")}, "", false, ""},
		{"a head that is cut", [][]byte{pictures("\x90hvc"), pictures("\x97"), pictures("\x97\xff\x00"), pictures("\x96"), sound("\x90")}, "", false, ""},
		{"eight codecs", [][]byte{
			pictures("\x90aaaa"), pictures("\x90bbbb"), pictures("\x90cccc"), pictures("\x90dddd"), pictures("\x90eeee"), pictures("\x90ffff"), pictures("\x90gggg"), pictures("\x90hhhh"),
		}, "aaaa bbbb cccc dddd eeee ffff gggg hhhh", false, ""},
		{"one more", [][]byte{
			pictures("\x90aaaa"), pictures("\x90bbbb"), pictures("\x90cccc"), pictures("\x90dddd"), pictures("\x90eeee"), pictures("\x90ffff"), pictures("\x90gggg"), pictures("\x90hhhh"), pictures("\x90iiii"),
		}, "aaaa bbbb cccc dddd eeee ffff gggg hhhh", false, ""},
		{"a statement about a segment", [][]byte{forge.FLVStatement("c2paSegmentInfo", []byte("x"))}, "avc1", true, ""},
		{"a manifest", [][]byte{forge.FLVStatement("c2paManifest", []byte("x"))}, "avc1", true, ""},
		{"other metadata", [][]byte{forge.FLVStatement("colorInfo", []byte("x"))}, "avc1", false, ""},
		{"the name in a coded picture", [][]byte{forge.FLVPacket(1, "avc1", []byte("c2paManifest"))}, "avc1", false, ""},
		{"a packet at the limit", [][]byte{long}, "av01", true, ""},
		{"one more byte", [][]byte{forge.FLVPacket(4, "av01", append(make([]byte, 1<<20-5-11), "c2paManifest"...))}, "av01", false, "a packet of 1048577 bytes with metadata"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := walk(t, forge.FLV(append(c.tags, label)...))
			if got := strings.Join(f.Codecs, " "); got != c.codecs || f.Statements != c.statement || f.Fields.Left != c.left || len(f.Problems) > 0 {
				t.Errorf("codecs %q, statements %v, left out %q, %v", got, f.Statements, f.Fields.Left, f.Problems)
			}
			if got := fields(f); got != "onMetaData.AIGC={}" {
				t.Errorf("fields %s", got)
			}
		})
	}
}

// TestNewerValues: what is in AMF 3 is left out, and said, and no fault.
func TestNewerValues(t *testing.T) {
	f := walk(t, forge.FLV(newer("\x00", "\x03\x00\x04AIGC\x02\x00\x02{}\x00\x01a\x11\x0a\x01")))
	if fields(f) != "onMetaData.AIGC={}" || f.Fields.Left != "values in AMF 3 of onMetaData" || len(f.Problems) > 0 {
		t.Errorf("%s, left out %q, %v", fields(f), f.Fields.Left, f.Problems)
	}
}

// TestLimits: at each limit all is read, one past it the file says what was left out.
func TestLimits(t *testing.T) {
	nest := func(n int) []byte {
		return forge.FLV(script("\x03" + strings.Repeat("\x00\x01a\x03", n) + strings.Repeat("\x00\x00\x09", n) + "\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09"))
	}
	pictures := func(n int) [][]byte { return slices.Repeat([][]byte{picture}, n) }
	padded := func(n int) []byte {
		head := "\x02\x00\x0aonMetaData\x03\x00\x04AIGC\x02\x00\x02{}\x00\x00\x09"
		return forge.FLVTag(18, []byte(head+strings.Repeat("\x00", n-len(head))))
	}
	const one = "onMetaData.AIGC={}"
	for _, c := range []struct {
		name, want string
		data       []byte
		all        bool
	}{
		{"tags from the start", one, forge.FLV(append(pictures(4095), label)...), true},
		{"one more", one, forge.FLV(append(pictures(4096), label)...), true},
		{"tags from the end", one, forge.FLV(slices.Concat(pictures(4096), [][]byte{label}, pictures(63))...), true},
		{"one more from the end", "", forge.FLV(slices.Concat(pictures(4096), [][]byte{label}, pictures(64))...), false},
		{"bytes of a script", one, forge.FLV(padded(4 << 20)), true},
		{"one more byte", "", forge.FLV(padded(4<<20 + 1)), false},
		{"bytes of all scripts", one + " " + one + " " + one + " " + one + " " + one + " " + one + " " + one + " " + one, forge.FLV(slices.Repeat([][]byte{padded(4 << 20)}, 8)...), true},
		{"one more byte of all scripts", one, forge.FLV(append(slices.Repeat([][]byte{script("\x05" + strings.Repeat("\x00", 4<<20-14))}, 7), padded(4<<20), label)...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := walk(t, c.data)
			if got := fields(f); got != c.want || (f.Fields.Left == "") != c.all {
				t.Errorf("fields %.200s, left out: %q", got, f.Fields.Left)
			}
		})
	}
	t.Run("nested values", func(t *testing.T) {
		for n, ok := range map[int]bool{16: true, 17: false} {
			if f := walk(t, nest(n)); (len(f.Problems) == 0) != ok || (fields(f) == one) != ok {
				t.Errorf("%d deep: %s, %v", n, fields(f), f.Problems)
			}
		}
	})
}

// FuzzWalk: whatever the bytes, every text is one that stands in the file at its offset, and belongs to a script.
func FuzzWalk(f *testing.F) {
	for _, seed := range [][]byte{
		forge.FLV(label, picture), forge.FLV(picture, label), forge.FLV(script("\x0a\x00\x00\x00\x02\x05\x05")),
		forge.FLV(script("\x03\x00\x04AIGC\x0c\x00\x00\x00\x02{}\x00\x00\x09")), []byte("FLV\x01\x05\xff\xff\xff\xff"),
		forge.FLV(forge.FLVStatement("c2paManifest", []byte("x")), newer("\x00", "\x11"), forge.FLVTag(9, []byte("\x97\x00\x00\x01hvc1"))),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		f := walk(t, data)
		for _, codec := range f.Codecs {
			if len(codec) != 4 || !bytes.Contains(data, []byte(codec)) {
				t.Fatalf("%q does not stand in the file", codec)
			}
		}
		for _, x := range f.Fields.List {
			if x.Offset < 0 || x.Offset+int64(len(x.Text)) > int64(len(data)) || !bytes.Equal(data[x.Offset:x.Offset+int64(len(x.Text))], x.Text) {
				t.Fatalf("%q does not stand at offset %d", x.Text, x.Offset)
			}
			if x.Path != "onMetaData" && x.Path != "onXMPData" {
				t.Fatalf("a field of %q", x.Path)
			}
		}
	})
}
