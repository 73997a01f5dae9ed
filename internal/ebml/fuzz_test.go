package ebml_test

import (
	"bytes"
	"testing"

	"github.com/consentry/consentry/internal/forge"
)

// FuzzWalk: whatever the bytes, every text is one that stands in the file at its offset, and attachments lie inside.
func FuzzWalk(f *testing.F) {
	tags := forge.MatroskaTags(nil, text("AIGC", "{}"))
	for _, seed := range [][]byte{
		forge.Matroska("matroska", tags),
		forge.Matroska("webm", forge.OpenElement(forge.MkvCluster, forge.Element(forge.MkvBlock, []byte("x"))), tags),
		forge.Matroska("webm", forge.Element(forge.MkvInfo, forge.Element(forge.MkvMuxingApp, []byte("m")))),
		forge.Matroska("matroska", forge.Attachment("cover.png", "image/png", "data")),
		forge.Matroska("matroska", forge.Element(forge.MkvSeekHead, forge.Element(forge.MkvSeek, forge.Element(forge.MkvSeekID, []byte{0x12, 0x54, 0xc3, 0x67}), forge.Element(forge.MkvSeekPosition, []byte{0})))),
		[]byte("\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff\x12\x54\xc3\x67\x84\x73\x73\x81\x67"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := walk(t, data)
		for _, x := range got.Fields.List {
			if x.Offset < 0 || x.Offset+int64(len(x.Text)) > int64(len(data)) || !bytes.Equal(data[x.Offset:x.Offset+int64(len(x.Text))], x.Text) {
				t.Fatalf("%q does not stand at offset %d", x.Text, x.Offset)
			}
		}
		for _, a := range got.Attachments {
			if a.Offset < 0 || a.Length < 0 || a.End() > int64(len(data)) {
				t.Fatalf("attachment %+v of a file of %d bytes", a, len(data))
			}
		}
	})
}
