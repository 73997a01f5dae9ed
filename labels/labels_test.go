package labels_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

// aigc is a label with a producer's code that nobody has.
const aigc = `{"Label":"1","ContentProducer":"001191990000MATEXT001W00001","ProduceID":"p-1","ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}`

func read(t testing.TB, data []byte) *labels.Result {
	t.Helper()
	r, err := readErr(data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readErr(data []byte) (*labels.Result, error) {
	l, err := manifest.Locate(context.Background(), bytes.NewReader(data), int64(len(data)), manifest.Limits{})
	if err != nil {
		return nil, err
	}
	return labels.Read(context.Background(), labels.Source{
		Data: bytes.NewReader(data), Size: int64(len(data)), Format: l.Container, Boxes: l.File, Parts: l.Parts, Matroska: l.Matroska, Flash: l.Flash,
	})
}

// kinds are the kinds of the labels but for encoder strings, in order.
func kinds(r *labels.Result) string {
	var out []string
	for _, l := range r.Labels {
		if l.Kind != labels.Encoder {
			out = append(out, l.Kind)
		}
	}
	return strings.Join(out, " ")
}

func codes(r *labels.Result) string {
	set := map[string]bool{}
	for _, f := range r.Findings {
		set[f.Code] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

func movie(boxes ...[]byte) []byte { return forge.Movie([]byte("media"), boxes...) }

func keyed(tags ...forge.Text) []byte {
	return movie(forge.Box("udta", forge.KeyedMeta(true, tags...)))
}

func items(tags ...forge.Text) []byte {
	return movie(forge.Box("udta", forge.ItemMeta(tags...)))
}

func withXMP(attributes, elements string) []byte {
	return append(movie(), forge.XMPBox(forge.XMPPacket(attributes, elements))...)
}

func text(name, value string) forge.Text { return forge.Text{Name: name, Value: value} }

// TestTheLabelIsReadInEveryPlace: wherever services write the label of generated content, it is found, with its place.
func TestTheLabelIsReadInEveryPlace(t *testing.T) {
	tag := text("AIGC", aigc)
	tags := forge.MatroskaTags(nil, tag)
	attribute := `t:AIGC="` + forge.Escape(aigc) + `"`
	packet := forge.XMPPacket(attribute, "")
	media := forge.RIFFChunk("data", "sound")
	cluster := forge.OpenElement(forge.MkvCluster, forge.Element(forge.MkvBlock, []byte("block")))
	cover := string(forge.PNG(forge.PNGText("tEXt", "AIGC", aigc)))
	opus := append([]byte("OpusTags"), forge.Comments("lib", tag)...)
	long := append([]byte("\x03vorbis"), forge.Comments("lib", text("LONG", strings.Repeat("x", 3000)), tag)...)
	for _, c := range []struct {
		name, carrier string
		data          []byte
		moved         bool // the text does not stand in the file as it is
		cover         bool
	}{
		{name: "MP4, by key", carrier: "moov/udta/meta", data: keyed(text("other", "x"), tag)},
		{name: "MOV, by key", carrier: "moov/udta/meta", data: movie(forge.Box("udta", forge.KeyedMeta(false, tag)))},
		{name: "under moov", carrier: "moov/meta", data: movie(forge.KeyedMeta(true, tag))},
		{name: "under moov, without version and flags", carrier: "moov/meta", data: movie(forge.KeyedMeta(false, tag))},
		{name: "of a track", carrier: "moov/trak/meta", data: movie(forge.Box("trak", forge.KeyedMeta(true, tag)))},
		{name: "of the file", carrier: "meta", data: append(movie(), forge.KeyedMeta(true, tag)...)},
		{name: "an item without a key", carrier: "moov/udta/meta", data: items(text("\x00\x00\x00\x01", `{"AIGC":`+aigc+`}`))},
		{name: "an item with a name of its own", carrier: "moov/udta/meta/----", data: items(text("----", "AIGC="+aigc))},
		{name: "XMP attribute", carrier: "uuid (XMP) TC260:AIGC", data: withXMP(attribute, ""), moved: true},
		{name: "XMP inside the movie", carrier: "uuid (XMP) TC260:AIGC", data: movie(forge.XMPBox(packet)), moved: true},
		{name: "XMP element", carrier: "uuid (XMP) TC260:AIGC", data: withXMP("", "<t:AIGC>"+forge.Escape(aigc)+"</t:AIGC>"), moved: true},
		{name: "XMP structure", carrier: "uuid (XMP) TC260:AIGC", data: withXMP("", `<t:AIGC rdf:parseType="Resource"><t:Label>1</t:Label><t:ContentProducer>001191990000MATEXT001W00001</t:ContentProducer><t:ProduceID>p-1</t:ProduceID></t:AIGC>`), moved: true},
		{name: "XMP in user data", carrier: "moov/udta/XMP_ TC260:AIGC", data: movie(forge.Box("udta", forge.Box("XMP_", []byte(packet)))), moved: true},
		{name: "Matroska", carrier: "Matroska SimpleTag", data: forge.Matroska("matroska", tags)},
		{name: "WebM", carrier: "WebM SimpleTag", data: forge.Matroska("webm", tags)},
		{name: "Matroska, of a track", carrier: "Matroska SimpleTag", data: forge.Matroska("matroska", forge.MatroskaTags(forge.Element(forge.MkvTrackUID, []byte{1}), tag))},
		{name: "WebM, behind clusters of unknown length", carrier: "WebM SimpleTag", data: forge.Matroska("webm", cluster, cluster, tags)},
		{name: "Matroska, XMP in a tag", carrier: "Matroska SimpleTag (XMP) TC260:AIGC", data: forge.Matroska("matroska", forge.MatroskaTags(nil, text("XMP", packet))), moved: true},
		{name: "Matroska, XMP attached", carrier: "Matroska attachment (XMP) TC260:AIGC", data: forge.Matroska("matroska", forge.Attachment("a.xmp", "application/rdf+xml", packet)), moved: true},
		{name: "FLV", carrier: "FLV onMetaData", data: forge.FLV(forge.FLVScript("onMetaData", tag), forge.FLVTag(9, []byte("picture")))},
		{name: "FLV, XMP", carrier: "FLV onXMPData TC260:AIGC", data: forge.FLV(forge.FLVTag(9, []byte("picture")), forge.FLVScript("onXMPData", text("liveXML", packet))), moved: true},
		{name: "AVI", carrier: "AVI LIST INFO", data: forge.RIFF("AVI ", forge.InfoList(text("ISFT", "x"), tag), forge.RIFFChunk("movi", "x"))},
		{name: "AVI, XMP", carrier: "AVI _PMX TC260:AIGC", data: forge.RIFF("AVI ", forge.RIFFChunk("_PMX", packet)), moved: true},
		{name: "WAV", carrier: "RIFF chunk AIGC", data: forge.RIFF("WAVE", media, forge.RIFFChunk("AIGC", aigc))},
		{name: "WAV, ID3 in a chunk", carrier: "ID3 TXXX:AIGC", data: forge.RIFF("WAVE", media, forge.RIFFChunk("id3 ", string(forge.ID3(4, 3, false, false, text("TXXX:AIGC", aigc)))))},
		{name: "MP3, ID3 2.2", carrier: "ID3 TXXX:AIGC", data: forge.ID3(2, 0, false, false, text("TXXX:AIGC", aigc))},
		{name: "MP3, ID3 2.3", carrier: "ID3 TXXX:AIGC", data: forge.ID3(3, 0, false, false, text("TXXX:AIGC", aigc))},
		{name: "MP3, ID3 behind the sound", carrier: "ID3 TXXX:AIGC", data: slices.Concat([]byte("ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00sound"), forge.ID3Footer(forge.ID3(4, 3, false, false, text("TXXX:AIGC", aigc))))},
		{name: "MP3, UTF-16", carrier: "ID3 TXXX:AIGC", data: forge.ID3(3, 1, false, false, text("TXXX:AIGC", aigc))},
		{name: "MP3, UTF-16, unsynchronised", carrier: "ID3 TXXX:AIGC", data: forge.ID3(3, 1, true, false, text("TXXX:AIGC", aigc)), moved: true},
		{name: "MP3, UTF-8, compressed", carrier: "ID3 TXXX:AIGC", data: forge.ID3(4, 3, false, true, text("TXXX:AIGC", aigc)), moved: true},
		{name: "FLAC", carrier: "Vorbis comment AIGC", data: forge.FLACBlocks(map[byte][]byte{4: forge.Comments("lib", tag)})},
		{name: "FLAC behind an ID3 tag", carrier: "Vorbis comment AIGC", data: append(forge.ID3(4, 3, false, false), forge.FLACBlocks(map[byte][]byte{4: forge.Comments("lib", tag)})...)},
		{name: "Ogg, Opus", carrier: "Vorbis comment AIGC", data: forge.OggHeaders(7, []byte("OpusHead"), opus)},
		{name: "Ogg, Vorbis, over three pages", carrier: "Vorbis comment AIGC", data: forge.OggHeaders(7, []byte("\x01vorbis"), long)},
		{name: "Ogg, the second of a chain", carrier: "Vorbis comment AIGC", data: append(forge.OggHeaders(1, []byte("OpusHead"), append([]byte("OpusTags"), forge.Comments("lib")...)), forge.OggHeaders(7, []byte("OpusHead"), opus)...)},
		{name: "PNG", carrier: "PNG text AIGC", data: forge.PNG(forge.PNGText("tEXt", "AIGC", aigc))},
		{name: "PNG, compressed", carrier: "PNG text AIGC", data: forge.PNG(forge.PNGText("zTXt", "AIGC", aigc)), moved: true},
		{name: "PNG, international", carrier: "PNG text AIGC", data: forge.PNG(forge.PNGText("iTXt", "AIGC", aigc))},
		{name: "JPEG, a segment", carrier: "JPEG application segment", data: forge.JPEG(forge.JPEGSegment(1, "AIGC"+aigc))},
		{name: "JPEG, EXIF", carrier: "JPEG EXIF UserComment", data: forge.JPEG(forge.JPEGSegment(1, forge.EXIF(`{"AIGC":`+aigc+`}`)))},
		{name: "cover of an MP4", carrier: "cover art PNG text AIGC", data: items(text("covr", cover)), cover: true},
		{name: "cover of an MP3", carrier: "cover art PNG text AIGC", data: forge.ID3(3, 0, false, false, text("APIC", cover)), cover: true},
		{name: "cover of a FLAC", carrier: "cover art PNG text AIGC", data: forge.FLACBlocks(map[byte][]byte{6: forge.FLACPicture(cover)}), cover: true},
		{name: "cover of a Matroska file", carrier: "cover art PNG text AIGC", data: forge.Matroska("matroska", forge.Attachment("cover.png", "image/png", cover)), cover: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, c.data)
			if kinds(r) != labels.TC260 {
				t.Fatalf("labels %+v", r.Labels)
			}
			l := r.Labels[0]
			v, _ := l.Value.(map[string]any)
			if v["Label"] != "1" || v["ProduceID"] != "p-1" || l.Class != "B" || l.Says != labels.Generated || l.Carrier != c.carrier {
				t.Errorf("label %+v", l)
			}
			if want := map[bool]string{false: labels.WholeAsset, true: labels.Cover}[c.cover]; l.Scope != want {
				t.Errorf("it speaks of %s, expected %s", l.Scope, want)
			}
			if got := codes(r); got != map[bool]string{false: "", true: "label.possible"}[c.cover] {
				t.Errorf("findings %s: %v", got, r.Findings)
			}
			if !c.moved {
				if l.Offset == nil {
					t.Fatal("it has no offset")
				}
				at := bytes.ReplaceAll(c.data[*l.Offset:min(len(c.data), int(*l.Offset)+24)], []byte{0}, nil)
				if at = bytes.TrimPrefix(at, []byte("\xff\xfe")); !bytes.HasPrefix(at, []byte("{")) {
					t.Errorf("at offset %d stands %q", *l.Offset, at)
				}
			}
			if len(r.NotChecked) > 0 {
				t.Errorf("not checked: %v", r.NotChecked)
			}
		})
	}
}

// TestFormsOfTheLabel: what services make of the JSON, and what is wrong with it.
func TestFormsOfTheLabel(t *testing.T) {
	const good, odd = "", "label.malformed"
	producer := func(code string) string { return fmt.Sprintf(`{"Label":"1","ContentProducer":%q}`, code) }
	for _, c := range []struct {
		name, value string
		label       string // member Label, or the whole value where it is none
		says        string
		producer    string
		wrong       string
		none        bool
	}{
		{name: "as the standard has it", value: aigc, label: "1", says: labels.Generated},
		{name: "in a wrapper", value: `{"AIGC":` + aigc + `}`, label: "1", says: labels.Generated},
		{name: "in a wrapper, as a text", value: `{"AIGC":"{\"Label\":\"1\"}"}`, label: "1", says: labels.Generated},
		{name: "names in lower camel case", value: `{"label":"1","contentProducer":"kling"}`, label: "1", says: labels.Generated, producer: "Kling"},
		{name: "a number", value: `{"Label":1}`, label: "1", says: labels.Generated},
		{name: "JSON in JSON", value: `"{\"Label\":\"1\"}"`, label: "1", says: labels.Generated},
		{name: "JSON in JSON in JSON", value: `"\"{\\\"Label\\\":\\\"1\\\"}\""`, label: "1", says: labels.Generated},
		{name: "escaped for HTML", value: `{&quot;Label&quot;:&quot;1&quot;}`, label: "1", says: labels.Generated},
		{name: "padded", value: "\ufeff {\"Label\":\"1\"} \n\x00\x00\x00", label: "1", says: labels.Generated},
		{name: "AIGC for a number", value: `{"Label":"AIGC","ContentProducer":"MiniMax"}`, label: "AIGC", says: labels.Generated, producer: "MiniMax"},
		{name: "a cloud provider's", value: `{"ServiceProvider":"Some Cloud","ServiceUser":"1","Time":"t","ContentId":"c","Label":"1"}`, label: "1", says: labels.Generated, producer: "Some Cloud"},
		{name: "a cloud provider's without a statement", value: `{"ServiceProvider":"Some Cloud","ServiceUser":"1","Time":"t","ContentId":"c"}`, says: labels.Possible, producer: "Some Cloud"},
		{name: "may be", value: `{"Label":"2"}`, label: "2", says: labels.Possible},
		{name: "suspected", value: `{"Label":"3"}`, label: "3", says: labels.Possible},
		{name: "a known service", value: producer("001191110102MACQD9K64000001"), label: "1", says: labels.Generated, producer: "Doubao"},
		{name: "a bare name that nobody knows", value: producer("studio nine"), label: "1", says: labels.Generated, producer: "studio nine"},
		{name: "a code that is no organization's", value: producer("001291990000MATEXT001200001"), label: "1", says: labels.Generated, producer: "001291990000MATEXT001200001"},
		{name: "another number", value: `{"Label":"7"}`, label: "7", says: labels.Possible, wrong: odd},
		{name: "no number", value: `{"ProduceID":"x"}`, says: labels.Possible, wrong: odd},
		{name: "nothing that is known", value: `{"hello":"world"}`, says: labels.Possible, wrong: odd},
		{name: "a number twice", value: `{"Label":"1","Label":"2"}`, label: "2", says: labels.Possible, wrong: odd},
		{name: "a number in two spellings", value: `{"Label":"2","label":"2"}`, label: "2", says: labels.Possible, wrong: odd},
		{name: "a wrong check character", value: producer("001191990000MATEXT001200001"), label: "1", says: labels.Generated, wrong: odd},
		{name: "a letter that codes lack", value: producer("001191990000MATEXTI01200001"), label: "1", says: labels.Generated, wrong: odd},
		{name: "a code that is too short", value: producer("001191990000MATEXT001W0001"), label: "1", says: labels.Generated, wrong: odd, producer: "001191990000MATEXT001W0001"},
		{name: "cut off", value: aigc[:90], label: aigc[:90], says: labels.Possible, wrong: odd},
		{name: "no object", value: `[1]`, label: `[1]`, says: labels.Possible, wrong: odd},
		{name: "no JSON", value: `generated`, label: `generated`, says: labels.Possible, wrong: odd},
		{name: "something behind it", value: aigc + `x`, label: aigc + `x`, says: labels.Possible, wrong: odd},
		{name: "nested too deep", value: `{"Label":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}`, label: `{"Label":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + `}`, says: labels.Possible, wrong: odd},
		{name: "wrapped too often", value: `{"AIGC":{"AIGC":{"Label":"1"}}}`, says: labels.Possible, wrong: odd},
		{name: "empty", value: "", none: true, wrong: odd},
		{name: "padding only", value: " \x00\x00", none: true, wrong: odd},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, forge.FLV(forge.FLVScript("onMetaData", text("AIGC", c.value))))
			if got := report.Has(r.Findings, "label.malformed"); got != (c.wrong == odd) {
				t.Errorf("malformed: %v, %v", got, r.Findings)
			}
			if c.none {
				if kinds(r) != "" {
					t.Fatalf("labels %+v", r.Labels)
				}
				return
			}
			if kinds(r) != labels.TC260 {
				t.Fatalf("labels %+v", r.Labels)
			}
			l := r.Labels[0]
			got := l.Value
			if v, ok := l.Value.(map[string]any); ok {
				if got = v["Label"]; got == nil {
					got = ""
				}
			}
			if got != c.label || l.Says != c.says || l.Producer != c.producer && c.producer != "" {
				t.Errorf("label %+v", l)
			}
			if possible := report.Has(r.Findings, "label.possible"); possible != (c.says == labels.Possible) {
				t.Errorf("possible: %v", r.Findings)
			}
		})
	}
}

// TestWhatIsNoLabel: the same texts where no labels are written.
func TestWhatIsNoLabel(t *testing.T) {
	tag := text("AIGC", aigc)
	wrapped := `{"AIGC":` + aigc + `}`
	structure := forge.Box("udta", forge.KeyedMeta(true, tag))
	for name, data := range map[string][]byte{
		"no tags":                              movie(),
		"the word in a title":                  items(text("\xa9nam", "AIGC in 2026: a panel")),
		"the label in a longer description":    items(text("desc", "Example of a label: "+wrapped)),
		"the label as a description":           items(text("desc", wrapped)),
		"the label as a comment":               keyed(text("comment", wrapped)),
		"a longer name":                        keyed(text("AIGCx", aigc), text("MYAIGC", aigc), text("com.example.AIGC", aigc)),
		"in the media data":                    forge.Movie(structure),
		"in free space":                        append(movie(), forge.Box("free", structure)...),
		"in an unknown box":                    append(movie(), forge.Box("abcd", structure)...),
		"in a uuid box of another type":        append(movie(), forge.Box("uuid", make([]byte, 16), []byte(forge.XMPPacket(`t:AIGC="{}"`, "")))...),
		"in user data, as it is":               movie(forge.Box("udta", forge.Box("abcd", []byte(wrapped)))),
		"an item of no form":                   items(text("\x00\x00\x00\x01", aigc[:20])),
		"of a chapter":                         forge.Matroska("matroska", forge.MatroskaTags(forge.Element(forge.MkvChapterUID, []byte{1}), tag)),
		"in a text that is attached":           forge.Matroska("matroska", forge.Attachment("aigc.json", "application/json", aigc)),
		"in a cluster":                         forge.Matroska("matroska", forge.Element(forge.MkvCluster, forge.MatroskaTags(nil, tag))),
		"in a block":                           forge.Matroska("matroska", forge.OpenElement(forge.MkvCluster, forge.Element(forge.MkvBlock, forge.MatroskaTags(nil, tag)))),
		"the title of a Matroska file":         forge.Matroska("matroska", forge.Element(forge.MkvInfo, forge.Element(forge.MkvTitle, []byte("AIGC")))),
		"in a picture of an FLV":               forge.FLV(forge.FLVTag(9, forge.FLVScript("onMetaData", tag))),
		"a script of another name":             forge.FLV(forge.FLVScript("onCuePoint", tag)),
		"a member of a list in a script":       forge.FLV(forge.FLVScript("onMetaData")),
		"in the movie list of an AVI":          forge.RIFF("AVI ", forge.RIFFChunk("LIST", "movi"+string(forge.RIFFChunk("AIGC", aigc)))),
		"a title in ID3":                       forge.ID3(4, 3, false, false, text("TIT2", aigc)),
		"a longer name in ID3":                 forge.ID3(4, 3, false, false, text("TXXX:AIGC2", aigc)),
		"a longer name in comments":            forge.FLACBlocks(map[byte][]byte{4: forge.Comments("AIGC", text("XAIGC", aigc))}),
		"another keyword":                      forge.PNG(forge.PNGText("tEXt", "Comment", wrapped)),
		"an EXIF comment about labels":         forge.JPEG(forge.JPEGSegment(1, forge.EXIF("see "+wrapped))),
		"a segment that begins with the word":  forge.JPEG(forge.JPEGSegment(1, "AIGC is a word")),
		"behind the picture":                   append(forge.PNG(), forge.PNGText("tEXt", "AIGC", aigc)...),
		"XMP of another namespace":             withXMP(`xmlns:TC260="urn:x" TC260:AIGC="{}"`, ""),
		"XMP in an XML comment":                withXMP("", `<!-- <e:DigitalSourceType>trainedAlgorithmicMedia</e:DigitalSourceType> -->`),
		"XMP, the usual prefix bound to other": withXMP(`xmlns:Iptc4xmpExt="urn:x" Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"`, ""),
		"names in longer words":                items(text("\xa9too", "Pikachu Soraya Lumax"), text("\xa9cmt", "klingon, swan, Veolia")),
		"names that are words":                 items(text("\xa9nam", "Night on the runway"), text("desc", "Luma, a town. Sora went to see Wan.")),
		"a renderer":                           items(text("\xa9cmt", "Made with Remotion 4.0")),
		"a prompt that is no graph":            keyed(text("prompt", "a cat"), text("workflow", `{"steps":["cut","grade"]}`)),
		"steps of a walk":                      items(text("\xa9cmt", "Steps: 2000 today")),
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, data)
			if kinds(r) != "" || codes(r) != "" {
				t.Errorf("labels %+v, findings %v", r.Labels, r.Findings)
			}
		})
	}
}
