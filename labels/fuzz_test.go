package labels_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// FuzzRead: whatever the bytes, offsets lie in the file, the classes are those of the kinds, nothing is a failure, the
// answer is the same twice, and no label of generated content comes out of a file that does not hold its name.
//
// testdata: header-that-points-behind-the-end was an error, and no answer.
func FuzzRead(f *testing.F) {
	tag := text("AIGC", aigc)
	cover := string(forge.PNG(forge.PNGText("tEXt", "AIGC", aigc)))
	for _, seed := range [][]byte{
		keyed(tag, text("prompt", prompt)),
		items(text("\xa9too", "Veo 3.1"), text("covr", cover), text("----", "AIGC={}")),
		withXMP(`t:AIGC="{}" e:DigitalSourceType="trainedAlgorithmicMedia"`, ""),
		movie(forge.Box("udta", forge.QuickTimeText("\xa9swr", "Kling 2"))),
		forge.Matroska("webm", forge.OpenElement(forge.MkvCluster), forge.MatroskaTags(nil, tag), forge.Attachment("cover.png", "image/png", cover)),
		forge.FLV(forge.FLVScript("onMetaData", tag), forge.FLVScript("onXMPData", text("liveXML", forge.XMPPacket("", "")))),
		forge.RIFF("AVI ", forge.InfoList(tag), forge.RIFFChunk("AIGC", aigc)),
		forge.ID3(4, 1, false, false, text("TXXX:AIGC", aigc), text("APIC", cover)),
		append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), forge.ID3Footer(forge.ID3(4, 3, false, false, text("TXXX:AIGC", aigc)))...),
		forge.OggHeaders(7, []byte("OpusHead"), append([]byte("OpusTags"), forge.Comments("lib", tag)...)),
		forge.FLACBlocks(map[byte][]byte{4: forge.Comments("lib", tag), 6: forge.FLACPicture(cover)}),
		forge.PNG(forge.PNGText("iTXt", "parameters", "Steps: 8, Seed: 1, Size: 2")),
		forge.JPEG(forge.JPEGSegment(1, forge.EXIF(`{"AIGC":{"Label":"2"}}`)), forge.JPEGSegment(2, "AIGC{}")),
	} {
		f.Add(seed)
	}
	class := map[string]string{
		labels.TC260: "B", labels.SourceType: "B", labels.SystemUsed: "B", labels.ComfyUI: "E", labels.Parameters: "E", labels.ToolTag: "E", labels.Encoder: "F",
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readErr(data)
		if err != nil {
			var limit *manifest.LimitError
			if !errors.As(err, &limit) {
				t.Fatal(err)
			}
			return
		}
		packed := bytes.Contains(data, []byte("zTXt")) || bytes.Contains(data, []byte("iTXt")) || bytes.Contains(data, []byte("ID3")) || bytes.Contains(data, []byte("\\"))
		named := strings.Contains(strings.ToLower(string(bytes.ReplaceAll(data, []byte{0}, nil))), "aigc")
		for _, l := range r.Labels {
			if l.Offset != nil && (*l.Offset < 0 || *l.Offset > int64(len(data))) {
				t.Fatalf("label at offset %d of %d: %+v", *l.Offset, len(data), l)
			}
			if class[l.Kind] != l.Class || l.Means == "" || l.Carrier == "" {
				t.Fatalf("label %+v", l)
			}
			if l.Kind == labels.TC260 && !named && !packed {
				t.Fatalf("a label out of nothing: %+v", l)
			}
		}
		for _, x := range r.Findings {
			if x.Outcome != report.Informational {
				t.Fatalf("finding %+v", x)
			}
		}
		again, err := readErr(data)
		if err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("another answer: %v", err)
		}
	})
}
