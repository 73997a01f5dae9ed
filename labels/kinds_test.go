package labels_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/labels"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/report"
)

const iptc = "http://cv.iptc.org/newscodes/digitalsourcetype/"

func TestSourceTypesAndSystems(t *testing.T) {
	source := func(term string) string { return `e:DigitalSourceType="` + term + `"` }
	for _, c := range []struct {
		name                 string
		attributes, elements string
		kinds, says, codes   string
	}{
		{"from a model", source(iptc + "trainedAlgorithmicMedia"), "", labels.SourceType, labels.Generated, ""},
		{"with https and a slash at the end", source("https" + iptc[4:] + "trainedAlgorithmicMedia/"), "", labels.SourceType, labels.Generated, ""},
		{"as an element", "", `<e:DigitalSourceType>` + iptc + `trainedAlgorithmicMedia</e:DigitalSourceType>`, labels.SourceType, labels.Generated, ""},
		{"as a resource", "", `<e:DigitalSourceType rdf:resource="` + iptc + `trainedAlgorithmicMedia"/>`, labels.SourceType, labels.Generated, ""},
		{"the prefix of somebody else", `xmlns:q="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" q:DigitalSourceType="` + iptc + `trainedAlgorithmicMedia"`, "", labels.SourceType, labels.Generated, ""},
		{"the bare term", source("trainedAlgorithmicMedia"), "", labels.SourceType, labels.Generated, ""},
		{"in part from a model", source(iptc + "compositeWithTrainedAlgorithmicMedia"), "", labels.SourceType, labels.Generated, ""},
		{"synthetic parts", source(iptc + "compositeSynthetic"), "", labels.SourceType, labels.Possible, "label.possible"},
		{"an algorithm", source(iptc + "algorithmicMedia"), "", labels.SourceType, labels.Nothing, ""},
		{"data for training", source(iptc + "trainedAlgorithmicData"), "", labels.SourceType, labels.Nothing, ""},
		{"a term that nobody knows", source(iptc + "dreamt"), "", labels.SourceType, labels.Nothing, ""},
		{"a term of another list", source("http://example.com/trainedAlgorithmicMedia"), "", labels.SourceType, labels.Nothing, ""},
		{"a camera", source(iptc + "digitalCapture"), "", labels.SourceType, labels.Captured, ""},
		{"two that differ", "", `<e:DigitalSourceType><rdf:Bag><rdf:li>` + iptc + `digitalCapture</rdf:li><rdf:li>` + iptc + `trainedAlgorithmicMedia</rdf:li></rdf:Bag></e:DigitalSourceType>`, labels.SourceType + " " + labels.SourceType, labels.Captured, "label.clash"},
		{"an AI system", `e:AISystemUsed="Test Model" e:AISystemVersionUsed="2.1"`, "", labels.SystemUsed, labels.Possible, "label.possible"},
		{"who wrote the prompt, in two languages", "", `<e:AIPromptWriterName><rdf:Alt><rdf:li xml:lang="x-default">Ada</rdf:li><rdf:li xml:lang="de">Ada L.</rdf:li></rdf:Alt></e:AIPromptWriterName>`, labels.SystemUsed, labels.Possible, "label.possible"},
		{"a generator's tool", `xmp:CreatorTool="Kling 2.5"`, "", labels.ToolTag, labels.Possible, "label.possible"},
		{"an editor's tool", `xmp:CreatorTool="Example Editor 26"`, "", "", "", ""},
		{"an empty TC260 property", `t:AIGC=""`, "", "", "", "label.malformed"},
		{"broken XML", "", "<e:A>", "", "", "consent.metadata.unreadable"},
		{"entities", "", "&bomb;", "", "", "consent.metadata.unreadable"},
		{"nothing", "", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, withXMP(c.attributes, c.elements))
			if kinds(r) != c.kinds || codes(r) != c.codes {
				t.Fatalf("labels %+v, findings %v", r.Labels, r.Findings)
			}
			if c.kinds != "" && r.Labels[0].Says != c.says {
				t.Errorf("it says %s", r.Labels[0].Says)
			}
		})
	}
}

const prompt = `{"3":{"class_type":"KSampler","inputs":{"model":["5",0]}},"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"a.safetensors"}},` +
	`"5":{"class_type":"LoraLoader","inputs":{"lora_name":"ada.safetensors","model":["4",0]}},"6":{"class_type":"VAELoader","inputs":{"vae_name":"v.safetensors"}},"7":{"class_type":"KSamplerSelect","inputs":{}}}`

func TestGraphs(t *testing.T) {
	workflow := `{"nodes":[{"id":1,"type":"WanVideoSampler"},{"id":2,"type":"UnetLoaderGGUF","widgets_values":["wan.gguf",1]}],"links":[]}`
	for _, c := range []struct {
		name string
		data []byte
		want string // tags, samplers, model, loras
		says string
	}{
		{"both tags", keyed(text("prompt", prompt), text("workflow", workflow)), "[prompt workflow] [KSampler WanVideoSampler] a.safetensors [ada.safetensors]", labels.Possible},
		{"in capitals, as Matroska has them", forge.Matroska("webm", forge.MatroskaTags(nil, text("PROMPT", prompt))), "[prompt] [KSampler] a.safetensors [ada.safetensors]", labels.Possible},
		{"the drawing alone", keyed(text("workflow", workflow)), "[workflow] [WanVideoSampler] wan.gguf <nil>", labels.Possible},
		{"in the comment", items(text("\xa9cmt", fmt.Sprintf(`{"prompt":%q,"workflow":%s}`, prompt, workflow))), "<nil> [KSampler WanVideoSampler] a.safetensors [ada.safetensors]", labels.Possible},
		{"nothing that generates", keyed(text("prompt", `{"1":{"class_type":"VHS_LoadVideo"},"2":{"class_type":"UpscaleModelLoader","inputs":{"model_name":"u.pth"}},"3":{"class_type":"PreviewSampler"}}`)), "[prompt] [] <nil> <nil>", labels.Nothing},
		{"a service's node", keyed(text("prompt", `{"1":{"class_type":"KlingImage2VideoNode","inputs":{}}}`)), "[prompt] [KlingImage2VideoNode] <nil> <nil>", labels.Possible},
		{"a model alone", keyed(text("prompt", `{"1":{"class_type":"UNETLoader","inputs":{"unet_name":"m.safetensors"}}}`)), "[prompt] [] m.safetensors <nil>", labels.Possible},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, c.data)
			if kinds(r) != labels.ComfyUI {
				t.Fatalf("labels %+v", r.Labels)
			}
			v := r.Labels[0].Value.(map[string]any)
			if got := fmt.Sprint(v["tags"], " ", v["samplerNodes"], " ", v["model"], " ", v["loras"]); got != c.want || r.Labels[0].Says != c.says || r.Labels[0].Class != "E" {
				t.Errorf("graph %s says %s, expected %s", got, r.Labels[0].Says, c.want)
			}
		})
	}
}

func TestToolsAndParameters(t *testing.T) {
	for _, c := range []struct {
		name        string
		data        []byte
		kind, value string
		producer    string
	}{
		{"a software key", keyed(text("com.apple.quicktime.software", "Sora")), labels.ToolTag, "Sora", "Sora"},
		{"an item of the tool", items(text("\xa9too", "Veo 3.1")), labels.ToolTag, "Veo 3.1", "Veo"},
		{"user data", movie(forge.Box("udta", forge.QuickTimeText("\xa9swr", "Kling 2.5"))), labels.ToolTag, "Kling 2.5", "Kling"},
		{"user data without its form", movie(forge.Box("udta", forge.Box("\xa9swr", []byte("\xff\xffKling")))), labels.ToolTag, "\uFFFDKling", "Kling"},
		{"of a track", movie(forge.Box("trak", forge.Box("udta", forge.QuickTimeText("\xa9swr", "Vidu")))), labels.ToolTag, "Vidu", "Vidu"},
		{"a Matroska application", forge.Matroska("matroska", forge.Element(forge.MkvInfo, forge.Element(forge.MkvMuxingApp, []byte("PixVerse v4")))), labels.ToolTag, "PixVerse v4", "PixVerse"},
		{"an AVI's software", forge.RIFF("AVI ", forge.InfoList(text("ISFT", "Hailuo 02\x00"))), labels.ToolTag, "Hailuo 02", "Hailuo"},
		{"ID3", forge.ID3(4, 3, false, false, text("TSSE", "Pika")), labels.ToolTag, "Pika", "Pika"},
		{"a comment that names a version", items(text("\xa9cmt", "Runway Gen-4")), labels.ToolTag, "Runway Gen-4", "Runway"},
		{"a comment that says how", items(text("\xa9cmt", "a walk, made with Luma")), labels.ToolTag, "a walk, made with Luma", "Luma"},
		{"a title that is the name", items(text("\xa9nam", "Jimeng")), labels.ToolTag, "Jimeng", "Jimeng"},
		{"a Chinese name", items(text("\xa9too", "即梦 3.0")), labels.ToolTag, "即梦 3.0", "即梦"},
		{"the number of a job", forge.PNG(forge.PNGText("tEXt", "hf-job-id", "12")), labels.ToolTag, "12", "Higgsfield"},
		{"parameters in a comment", items(text("\xa9cmt", "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42")), labels.Parameters, "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42", ""},
		{"parameters in a tag", keyed(text("parameters", "Steps: 8, CFG scale: 1.0, Seed: 1")), labels.Parameters, "Steps: 8, CFG scale: 1.0, Seed: 1", ""},
		{"an encoder", items(text("\xa9too", "Lavf61.7.100")), labels.Encoder, "Lavf61.7.100", ""},
		{"a library", forge.FLACBlocks(map[byte][]byte{4: forge.Comments("reference libFLAC 1.4.3")}), labels.Encoder, "reference libFLAC 1.4.3", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, c.data)
			if len(r.Labels) != 1 {
				t.Fatalf("labels %+v", r.Labels)
			}
			l, class := r.Labels[0], "E"
			if c.kind == labels.Encoder {
				class = "F"
			}
			if l.Kind != c.kind || l.Value != c.value || l.Producer != c.producer || l.Class != class {
				t.Errorf("label %+v", l)
			}
			if got := codes(r); got != map[bool]string{true: "", false: "label.possible"}[c.kind == labels.Encoder] {
				t.Errorf("findings %v", r.Findings)
			}
		})
	}
}

func TestClashes(t *testing.T) {
	kling, doubao := `{"Label":"1","ContentProducer":"kling"}`, `{"Label":"1","ContentProducer":"001191110102MACQD9K64000001"}`
	file := func(tag, inXMP string, more ...forge.Text) []byte {
		return append(keyed(append(more, text("AIGC", tag))...), forge.XMPBox(forge.XMPPacket(inXMP, ""))...)
	}
	other := func(s string) string { return `t:AIGC="` + forge.Escape(s) + `"` }
	for _, c := range []struct {
		name      string
		data      []byte
		manifests labels.Manifests
		want      int
	}{
		{"the same twice", file(kling, other(kling)), labels.Manifests{}, 0},
		{"two numbers", file(kling, other(`{"Label":"2","ContentProducer":"kling"}`)), labels.Manifests{}, 1},
		{"two producers", file(kling, other(doubao)), labels.Manifests{}, 1},
		{"a producer, and none", file(kling, other(`{"Label":"1"}`)), labels.Manifests{}, 0},
		{"a tool of another company", file(kling, "", text("software", "Sora")), labels.Manifests{}, 1},
		{"a tool of the same company", file(doubao, "", text("software", "Jimeng")), labels.Manifests{}, 0},
		{"a camera too", file(kling, `e:DigitalSourceType="`+iptc+`digitalCapture"`), labels.Manifests{}, 1},
		{"a manifest of the same company", file(doubao, ""), labels.Manifests{Makers: []string{"Byteplus Pte. Ltd.", "Dreamina/7.5.0"}}, 0},
		{"a manifest of another company", file(kling, ""), labels.Manifests{Makers: []string{"Google Media Processing Services"}}, 1},
		{"a manifest of somebody unknown", file(kling, ""), labels.Manifests{Makers: []string{"Example AI Inc", "Taxai 3"}}, 0},
		{"a manifest of a camera", file(kling, ""), labels.Manifests{Captured: true}, 1},
		{"a manifest of a camera, and a label that leaves it open", file(`{"Label":"2"}`, ""), labels.Manifests{Captured: true}, 0},
		{"a distributor of another company", file(`{"Label":"1","ContentProducer":"kling","ContentPropagator":"001191110102MACQD9K64000001"}`, ""), labels.Manifests{}, 0},
		{"the cover's label", append(items(text("covr", string(forge.PNG(forge.PNGText("tEXt", "AIGC", doubao))))), forge.XMPBox(forge.XMPPacket(other(kling), ""))...), labels.Manifests{}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := read(t, c.data)
			all := append(r.Findings, r.Clashes(c.manifests)...)
			n := 0
			for _, f := range all {
				if f.Code == "label.clash" {
					n++
				}
			}
			if n != c.want {
				t.Errorf("%d clashes: %v", n, all)
			}
		})
	}
}

// TestLimits: at each limit everything is read, one past it the rest is not, and the result says so.
func TestLimits(t *testing.T) {
	tags := func(n int, value string) (out []forge.Text) {
		for i := range n {
			out = append(out, text(fmt.Sprintf("name %d", i), value))
		}
		return out
	}
	times := func(n int, b []byte) [][]byte { return slices.Repeat([][]byte{b}, n) }
	wide := func(n int) []byte {
		var b strings.Builder
		for i := range n - 1 {
			fmt.Fprintf(&b, `"%06d":{"class_type":"x"},`, i)
		}
		return keyed(text("prompt", `{`+b.String()+`"z":{"class_type":"KSampler"}}`))
	}
	many := func(n int, p string) []byte {
		return slices.Concat(append([][]byte{movie()}, times(n, forge.XMPBox(p))...)...)
	}
	source := forge.XMPPacket(`e:DigitalSourceType="x"`, "")
	packets := func(n int) []byte {
		return forge.MatroskaTags(nil, slices.Repeat([]forge.Text{text("XMP", source)}, n)...)
	}
	scripts := func(n int) [][]byte { return times(n, forge.FLVScript("onXMPData", text("liveXML", source))) }
	label := func(i int) forge.Text { return text("AIGC", fmt.Sprintf(`{"Label":"1","ProduceID":"%d"}`, i)) }
	var most []forge.Text
	for i := range 257 {
		most = append(most, label(i))
	}
	for _, c := range []struct {
		name    string
		at, one []byte // at the limit, and one past it
		labels  int    // at the limit
		past    int
	}{
		{"labels", keyed(most[:256]...), keyed(most...), 256, 256},
		{"packets of XMP", many(4, source), many(5, source), 4, 4},
		{"packets of XMP in tags", forge.Matroska("webm", packets(4)), forge.Matroska("webm", packets(5)), 4, 4},
		{"packets of XMP in scripts", forge.FLV(scripts(4)...), forge.FLV(scripts(5)...), 4, 4},
		{"bytes of a packet", many(1, source+strings.Repeat(" ", 1<<20-len(source))), many(1, source+strings.Repeat(" ", 1<<20-len(source)+1)), 1, 0},
		{"fields", keyed(append(tags(4094, "x"), label(1))...), keyed(append(tags(4095, "x"), label(1))...), 1, 0},
		{"bytes of a field", keyed(text("AIGC", aigc+strings.Repeat(" ", 1<<20-len(aigc)))), keyed(text("AIGC", aigc+strings.Repeat(" ", 1<<20-len(aigc)+1))), 1, 0},
		{"bytes of all fields", forge.FLV(flvTags(8, 1<<20, 8<<20)...), forge.FLV(flvTags(8, 1<<20, 8<<20+1)...), 1, 1},
		{"tracks", movie(append(times(63, forge.Box("trak")), forge.Box("trak", forge.KeyedMeta(true, label(1))))...), movie(append(times(64, forge.Box("trak")), forge.Box("trak", forge.KeyedMeta(true, label(1))))...), 1, 0},
		{"values of an item", values(64), values(65), 1, 0},
		{"covers", items(covers(16)...), items(covers(17)...), 16, 16},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range []struct {
				data []byte
				want int
				all  bool
			}{{c.at, c.labels, true}, {c.one, c.past, false}} {
				r := read(t, f.data)
				if len(r.Labels) != f.want || (len(r.NotChecked) == 0) != f.all {
					t.Errorf("%d labels, expected %d; not checked: %v", len(r.Labels), f.want, r.NotChecked)
				}
			}
		})
	}
	t.Run("nodes of a graph", func(t *testing.T) {
		for n, want := range map[int]string{10_000: labels.Possible, 10_001: labels.Nothing} {
			if r := read(t, wide(n)); kinds(r) != labels.ComfyUI || r.Labels[0].Says != want {
				t.Errorf("%d nodes: %v", n, r.Labels)
			}
		}
	})
	t.Run("names of nodes and models that are shown", func(t *testing.T) {
		for n, want := range map[int]int{32: 32, 33: 32, 1000: 32} {
			var nodes []string
			for i := range n {
				nodes = append(nodes, fmt.Sprintf(`"%d":{"class_type":"KSampler%d","inputs":{}},"m%d":{"class_type":"UNETLoader","inputs":{"n":"%d.ckpt"}},"l%d":{"class_type":"LoraLoader","inputs":{"n":"%d.pt"}}`, i, i, i, i, i, i))
			}
			value, _ := read(t, keyed(text("prompt", "{"+strings.Join(nodes, ",")+"}"))).Labels[0].Value.(map[string]any)
			for _, member := range []string{"samplerNodes", "models", "loras"} {
				if list, _ := value[member].([]any); len(list) != want {
					t.Errorf("%d names: %d of %s are shown", n, len(list), member)
				}
			}
		}
	})
	t.Run("characters of a text that is shown", func(t *testing.T) {
		for value, want := range map[string]string{
			strings.Repeat("a", 4096):        strings.Repeat("a", 4096),
			strings.Repeat("a", 4097):        "(4097 × a)",
			strings.Repeat("ab", 2048) + "c": strings.Repeat("ab", 128) + "… (4097 characters)",
		} {
			r := read(t, keyed(text("AIGC", `{"Label":"1","ReservedCode1":"`+value+`"}`)))
			if got := r.Labels[0].Value.(map[string]any)["ReservedCode1"]; got != want {
				t.Errorf("shown as %q", got)
			}
		}
	})
}

func TestATextBesideLiveXMLIsToldAsWhatItIs(t *testing.T) {
	r := read(t, forge.FLV(forge.FLVScript("onXMPData", text("deadXML", forge.XMPPacket(`e:DigitalSourceType="x"`, "")))))
	if len(r.Labels) != 0 || len(r.NotChecked) != 1 || !strings.Contains(r.NotChecked[0].Why, "not liveXML") {
		t.Errorf("%v, not checked: %v", r.Labels, r.NotChecked)
	}
}

// flvTags are scripts of so many bytes each, of so many in all, the last of them a label.
func flvTags(n, each, all int) (out [][]byte) {
	for range n - 1 {
		out = append(out, forge.FLVScript("onMetaData", text("x", strings.Repeat("x", each))))
	}
	last := all - (n-1)*each
	return append(out, forge.FLVScript("onMetaData", text("AIGC", aigc+strings.Repeat(" ", min(each, last)-len(aigc)))),
		forge.FLVScript("onMetaData", text("x", strings.Repeat("x", max(0, last-each)))))
}

// values is a file with an item of so many values, the last of them a label.
func values(n int) []byte {
	value := func(text string) []byte {
		return forge.Box("data", []byte("\x00\x00\x00\x01\x00\x00\x00\x00"), []byte(text))
	}
	list := append(slices.Repeat([][]byte{value("x")}, n-1), value(`{"AIGC":`+aigc+`}`))
	return movie(forge.Box("udta", forge.Box("meta", make([]byte, 4), forge.Box("ilst", forge.Box("\x00\x00\x00\x01", list...)))))
}

func covers(n int) (out []forge.Text) {
	for range n {
		out = append(out, text("covr", string(forge.PNG(forge.PNGText("tEXt", "AIGC", aigc)))))
	}
	return out
}

// failing is a file that cannot be read from some offset on.
type failing struct {
	io.ReaderAt
	from int64
}

var errDisk = errors.New("disk")

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(p, at)
}

// TestReadErrorsAreErrors: what cannot be read is no statement about the file, and neither is a run that was cancelled.
func TestReadErrorsAreErrors(t *testing.T) {
	data := forge.RIFF("WAVE", forge.RIFFChunk("AIGC", aigc))
	l, err := manifest.Locate(context.Background(), strings.NewReader(string(data)), int64(len(data)), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := labels.Source{Data: failing{strings.NewReader(string(data)), 20}, Size: int64(len(data)), Format: l.Container, Parts: l.Parts}
	if _, err := labels.Read(context.Background(), s); !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := labels.Read(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestOtherContainersAreSaid: no answer is given where nothing can be read.
func TestOtherContainersAreSaid(t *testing.T) {
	for format, want := range map[string]string{"mpegts": "not read: the metadata of mpegts files", "": "not read: the container is not recognized"} {
		r, err := labels.Read(context.Background(), labels.Source{Data: strings.NewReader("x"), Size: 1, Format: format})
		if err != nil || len(r.NotChecked) != 1 || r.NotChecked[0] != (report.NotChecked{What: "labels", Why: want}) {
			t.Errorf("%s: %+v, %v", format, r, err)
		}
	}
}
