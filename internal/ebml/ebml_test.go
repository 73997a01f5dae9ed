package ebml_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/ebml"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/parts"
)

func walk(t testing.TB, data []byte) *ebml.File {
	t.Helper()
	f, err := ebml.Walk(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func text(name, value string) forge.Text { return forge.Text{Name: name, Value: value} }

// fields are names and texts.
func fields(f *ebml.File) string {
	var out []string
	for _, x := range f.Fields.List {
		out = append(out, x.Name+"="+string(x.Text))
	}
	return strings.Join(out, " ")
}

func TestWalk(t *testing.T) {
	tags := forge.MatroskaTags(nil, text("A", "1"), text("B", "2"))
	uid := func(id uint32) []byte { return forge.Element(id, []byte{7}) }
	block := forge.Element(forge.MkvBlock, tags)
	cut := forge.Matroska("matroska", tags)
	for _, c := range []struct {
		name string
		data []byte
		want string
		kind parts.Kind // of the first problem
	}{
		{name: "tags of the file", data: forge.Matroska("matroska", tags), want: "A=1 B=2"},
		{name: "two elements with tags", data: forge.Matroska("matroska", tags, tags), want: "A=1 B=2 A=1 B=2"},
		{name: "of a track", data: forge.Matroska("matroska", forge.MatroskaTags(uid(forge.MkvTrackUID), text("A", "1"))), want: "A=1"},
		{name: "of a chapter", data: forge.Matroska("matroska", forge.MatroskaTags(uid(forge.MkvChapterUID), text("A", "1")))},
		{name: "applications and title", data: forge.Matroska("webm", forge.Element(forge.MkvInfo, forge.Element(forge.MkvMuxingApp, []byte("m")), forge.Element(forge.MkvTitle, []byte("t")))), want: "MuxingApp=m Title=t"},
		{name: "a cluster of known length", data: forge.Matroska("webm", forge.Element(forge.MkvCluster, tags), tags), want: "A=1 B=2"},
		{name: "clusters of unknown length", data: forge.Matroska("webm", forge.OpenElement(forge.MkvCluster, block), forge.OpenElement(forge.MkvCluster, block), tags), want: "A=1 B=2"},
		{name: "a segment of unknown length", data: append(forge.Element(0x1A45DFA3, forge.Element(0x4282, []byte("webm"))), forge.OpenElement(forge.MkvSegment, tags)...), want: "A=1 B=2"},
		{name: "a tag within a tag", data: forge.Matroska("webm", forge.Element(forge.MkvTags, forge.Element(forge.MkvTag, forge.Element(forge.MkvSimpleTag, forge.Element(forge.MkvTagName, []byte("A")), forge.Element(forge.MkvTagString, []byte("1")), forge.Element(forge.MkvSimpleTag, forge.Element(forge.MkvTagName, []byte("AIGC")), forge.Element(forge.MkvTagString, []byte("2"))))))), want: "A=1"},
		{name: "a name with zeros behind it", data: forge.Matroska("webm", forge.MatroskaTags(nil, text("A\x00\x00", "1"))), want: "A=1"},
		{name: "a tag without a text", data: forge.Matroska("webm", forge.Element(forge.MkvTags, forge.Element(forge.MkvTag, forge.Element(forge.MkvSimpleTag, forge.Element(forge.MkvTagName, []byte("A"))))))},
		{name: "a file that is cut", data: cut[:len(cut)-1], want: "A=1 B=", kind: parts.Truncated},
		{name: "an element without a form", data: forge.Matroska("webm", tags, []byte{0, 0, 0}), want: "A=1 B=2", kind: parts.Malformed},
		{name: "a length without a form", data: forge.Matroska("webm", tags, []byte{0xec, 0, 0}), want: "A=1 B=2", kind: parts.Malformed},
		{name: "a byte behind the last element", data: forge.Matroska("webm", tags, []byte{0xec}), want: "A=1 B=2", kind: parts.Trailing},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := walk(t, c.data)
			if got := fields(f); got != c.want {
				t.Errorf("fields %s, expected %s", got, c.want)
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

func TestAttachments(t *testing.T) {
	f := walk(t, forge.Matroska("matroska", forge.Attachment("a.txt", "text/plain", "hello")))
	if len(f.Attachments) != 1 || f.Attachments[0].Name != "a.txt" || f.Attachments[0].MediaType != "text/plain" || f.Attachments[0].Length != 5 || f.DocType != "matroska" {
		t.Errorf("attachments %+v of %q", f.Attachments, f.DocType)
	}
}

// TestLimits: at each limit all is read, one past it the file says what was left out.
func TestLimits(t *testing.T) {
	tags := forge.MatroskaTags(nil, text("A", "1"))
	void := func(n int) []byte { return bytes.Repeat([]byte{0xec, 0x80}, n) }
	attach := func(n int) []byte { return bytes.Repeat(forge.Attachment("a", "b", "c"), n) }
	// seek is a segment with a seek head to its tags, behind more elements than are stepped over.
	seek := func() []byte {
		head := forge.Element(forge.MkvSeekHead, forge.Element(forge.MkvSeek, forge.Element(forge.MkvSeekID, []byte{0x12, 0x54, 0xc3, 0x67}), forge.Element(forge.MkvSeekPosition, make([]byte, 8))))
		binary.BigEndian.PutUint64(head[len(head)-8:], uint64(len(head)+2*(1<<14)))
		return forge.Matroska("webm", head, void(1<<14), tags)
	}()
	seeks := func(n int) []byte {
		one := forge.Element(forge.MkvSeek, forge.Element(forge.MkvSeekID, []byte{0x12, 0x54, 0xc3, 0x67}), forge.Element(forge.MkvSeekPosition, make([]byte, 8)))
		list := slices.Repeat([][]byte{one}, n-1)
		last := slices.Clone(one)
		list = append(list, last)
		size := len(forge.Element(forge.MkvSeekHead, list...))
		binary.BigEndian.PutUint64(last[len(last)-8:], uint64(size+2*(1<<14)))
		return forge.Matroska("webm", forge.Element(forge.MkvSeekHead, list...), void(1<<14), tags)
	}
	for _, c := range []struct {
		name     string
		data     []byte
		want     string
		attached int
		all      bool
	}{
		{"elements of the top level", forge.Matroska("webm", void(1<<14-1), tags), "A=1", 0, true},
		{"one more", forge.Matroska("webm", void(1<<14), tags), "", 0, false},
		{"one more, and a seek head", seek, "A=1", 0, false},
		{"elements beside the segment", append(void(1<<14-1), forge.Matroska("webm", tags)...), "", 0, false},
		{"as many as may be beside it", append(void(1<<14-2), forge.Matroska("webm", tags)...), "A=1", 0, true},
		{"a file of such elements alone", void(1 << 20), "", 0, false},
		{"what seek heads point at", seeks(64), "A=1", 0, false},
		{"one more of these", seeks(65), "", 0, false},
		{"elements of metadata", forge.Matroska("webm", forge.Element(forge.MkvTags, void(1<<16-1))), "", 0, true},
		{"one more of metadata", forge.Matroska("webm", forge.Element(forge.MkvTags, void(1<<16))), "", 0, false},
		{"attachments", forge.Matroska("webm", attach(256)), "", 256, true},
		{"one more attachment", forge.Matroska("webm", attach(257)), "", 256, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := walk(t, c.data)
			if fields(f) != c.want || len(f.Attachments) != c.attached || (f.Fields.Left == "") != c.all {
				t.Errorf("fields %s, %d attachments, left out: %q", fields(f), len(f.Attachments), f.Fields.Left)
			}
		})
	}
}
