package consentry_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/consentry/consentry"

// rule says what a package may import of this module and of others, and why. The standard library is always allowed,
// except for what forbidden names.
type rule struct {
	own    []string // folders of this module; "internal/*" is every internal package but forge
	others []string // module prefixes
	why    string
}

var rules = map[string]rule{
	"report":                 {nil, nil, "the finding and the report know nobody"},
	"internal/readat":        {nil, nil, "a read that is whole"},
	"internal/bmff":          {[]string{"internal/readat"}, nil, "a walker over io.ReaderAt"},
	"internal/parts":         {[]string{"internal/readat"}, nil, "what walkers answer in"},
	"internal/riff":          {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/id3":           {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/ogg":           {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/ebml":          {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/flv":           {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/xiph":          {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"labels":                 {[]string{"report", "internal/*"}, nil, "from metadata to statements: no trust, no pixels"},
	"internal/still":         {[]string{"internal/parts"}, nil, "a walker over io.ReaderAt"},
	"internal/hashplan":      {[]string{"internal/readat"}, nil, "ranges to digests"},
	"internal/jumbf":         {nil, nil, "a bounded parser"},
	"internal/cbortree":      {nil, []string{"github.com/fxamacker/cbor/v2"}, "bytes to a tree"},
	"signing":                {[]string{"report"}, []string{"github.com/fxamacker/cbor/v2", "filippo.io/mldsa", "github.com/veraison/go-cose", "github.com/digitorus/", "golang.org/x/crypto"}, "who signed, when, and is the key trusted"},
	"trust":                  {[]string{"signing"}, nil, "the embedded lists"},
	"manifest":               {[]string{"report", "signing", "region", "internal/*"}, []string{"github.com/fxamacker/cbor/v2", "github.com/andybalholm/brotli"}, "find, read, validate"},
	"manifest/build":         {[]string{"report", "manifest", "signing", "internal/*"}, []string{"github.com/fxamacker/cbor/v2"}, "make and embed"},
	"region":                 {[]string{"report"}, nil, "pure"},
	"origin":                 {[]string{"report"}, nil, "pure"},
	"policy":                 {[]string{"report", "consent"}, []string{"github.com/goccy/go-yaml", "cel.dev/cel-go"}, "pure; consent never sees it"},
	"consent":                {[]string{"report", "region"}, []string{"github.com/fxamacker/cbor/v2", "github.com/lestrrat-go/jwx/v2", "github.com/goccy/go-yaml"}, "never policy, never manifest: usable alone"},
	"persons":                {[]string{"report", "region", "video"}, nil, "pure: a detector is handed in"},
	"persons/network":        {[]string{"persons", "internal/onnxgraph"}, nil, "arithmetic: a runner is handed in"},
	"persons/template":       {[]string{"persons", "persons/network", "internal/onnxgraph"}, nil, "arithmetic: a runner is handed in"},
	"persons/onnx":           {[]string{"persons", "persons/network", "internal/onnxgraph"}, []string{"github.com/yalue/onnxruntime_go"}, "the only package that loads the library"},
	"persons/jail":           {[]string{"persons", "persons/network", "persons/template", "internal/confine", "internal/packet"}, []string{"golang.org/x/sys"}, "the parent half has no C code; the child is handed a library"},
	"persons/install":        {[]string{"persons"}, nil, "files and digests, no network"},
	"internal/onnxgraph":     {nil, nil, "a bounded parser"},
	"fingerprint":            {[]string{"video"}, nil, "frames to bits"},
	"fingerprint/store":      {[]string{"fingerprint"}, nil, "a file and a search"},
	"softbinding":            {nil, nil, "a list of names"},
	"internal/bindinggen":    {[]string{"softbinding"}, nil, "a command"},
	"detector":               {[]string{"video", "internal/confine"}, []string{"golang.org/x/sys"}, "programs of others: a conversation, and what holds them"},
	"internal/detectorkit":   {[]string{"detector", "video", "internal/accuracy"}, nil, "a measurement"},
	"examples/detector":      {nil, nil, "what anybody could write"},
	"video":                  {nil, nil, "an interface"},
	"internal/resample":      {nil, nil, "samples to samples"},
	"voice":                  {[]string{"video", "internal/resample"}, nil, "samples to spans; pure Go"},
	"internal/voicerates":    {[]string{"video", "voice"}, nil, "a measurement"},
	"internal/soundrates":    {[]string{"video", "video/ffmpeg", "persons/onnx", "persons/network", "watermark/neural"}, nil, "a measurement"},
	"watermark":              {[]string{"video"}, nil, "over frames; pure Go"},
	"visible":                {[]string{"video"}, nil, "frames to hints; pure Go"},
	"watermark/neural":       {[]string{"watermark", "video", "internal/onnxgraph", "internal/resample"}, nil, "arithmetic: a runner is handed in"},
	"watermark/neural/jail":  {[]string{"watermark/neural", "internal/confine", "internal/packet"}, []string{"golang.org/x/sys"}, "the parent half has no C code; the child is handed a library"},
	"video/ffmpeg":           {[]string{"video"}, []string{"github.com/asticode/go-astiav"}, "the only cgo"},
	"internal/packet":        {nil, nil, "fields of messages; it knows of no message"},
	"internal/confine":       {nil, []string{"golang.org/x/sys"}, "a child process and what holds it; it knows of no work"},
	"video/jail":             {[]string{"video", "internal/confine", "internal/packet"}, []string{"golang.org/x/sys"}, "the parent half has no C code; the child is handed a decoder"},
	"internal/render":        {[]string{"report", "manifest", "signing", "softbinding", "internal/*"}, []string{"github.com/fxamacker/cbor/v2"}, "from one report"},
	"internal/bench":         {nil, nil, "a command"},
	"internal/crops":         {[]string{"report", "persons", "internal/*"}, nil, "pictures that are there, to files"},
	"internal/bench/decode":  {[]string{"video", "video/ffmpeg", "video/jail"}, nil, "a command"},
	"internal/demo":          {nil, nil, "a clip"},
	"internal/fetch":         {nil, nil, "the only code that touches the network"},
	"internal/pkcs8":         {nil, []string{"golang.org/x/crypto/scrypt"}, "a key under a passphrase"},
	"internal/forge":         {nil, []string{"github.com/cloudflare/circl"}, "own encoders, and another ML-DSA: a misreading must not be shared with the readers"},
	"internal/schemagen":     {nil, nil, "a command"},
	"internal/schematest":    {[]string{"docs/schemas"}, []string{"github.com/santhosh-tekuri/jsonschema/v6"}, "tests only"},
	"docs/schemas":           {nil, nil, "the schemas, embedded"},
	"internal/scorecard":     {nil, nil, "asks by command line and reads JSON, as anybody would"},
	"internal/netless":       {nil, []string{"golang.org/x/sys"}, "a command"},
	"internal/interop":       {[]string{"internal/forge"}, []string{"github.com/goccy/go-yaml"}, "tests only"},
	"internal/interop/write": {[]string{"internal/interop", "internal/forge"}, nil, "a command that writes files for a comparison"},
	"internal/mutate":        {nil, nil, "a walk of its own; tests only"},
	"internal/mutants":       {nil, nil, "a command"},
	"internal/playlist":      {nil, nil, "a bounded parser"},
	"internal/accuracy":      {[]string{"internal/imwatermark", "video", "watermark"}, nil, "a measurement"},
	"internal/imwatermark":   {nil, nil, "tests and measurement only: a misreading must not be shared with the detector"},
	"internal/xmp":           {nil, nil, "a bounded parser"},
	"internal/weblink":       {nil, nil, "a bounded parser"},
	"internal/trustgen":      {[]string{"signing", "trust"}, nil, "a command"},
	"internal/corpustest":    {[]string{"report"}, nil, "tests only"},
	"": {[]string{
		"report", "labels", "manifest", "signing", "trust", "region", "origin", "consent", "policy", "video", "persons", "fingerprint", "softbinding", "voice", "watermark", "watermark/neural", "visible", "detector", "internal/*",
	}, nil, "the order of work; no cgo package"},
}

// oneImporter lists third-party modules that only one package imports, so that replacing one is a one-folder change.
var oneImporter = []string{
	"github.com/asticode/go-astiav", "github.com/yalue/onnxruntime_go", "github.com/lestrrat-go/jwx/v2", "github.com/urfave/cli/v2", "github.com/veraison/go-cose", "filippo.io/mldsa", "github.com/cloudflare/circl", "github.com/andybalholm/brotli",
	"cel.dev/cel-go",
}

type goPackage struct {
	ImportPath, Name  string
	Imports, CgoFiles []string
	IgnoredGoFiles    []string
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Name,Imports,CgoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	importers := map[string][]string{}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, m := range oneImporter {
			for _, imp := range p.Imports {
				if strings.HasPrefix(imp, m) {
					importers[m] = append(importers[m], folder)
					break
				}
			}
		}
		if len(p.CgoFiles) > 0 && !slices.Contains([]string{"video/ffmpeg", "persons/onnx", "watermark/onnx"}, folder) {
			t.Errorf("%s: cgo lives in video/ffmpeg, persons/onnx and watermark/onnx only", folder)
		}
		if strings.HasPrefix(folder, "cmd/") {
			continue // the command may import everything
		}
		r, ok := rules[folder]
		if !ok {
			t.Errorf("%s: no rule for this package", folder)
			continue
		}
		for _, imp := range p.Imports {
			if !allowed(r, imp) {
				t.Errorf("%s must not import %s: %s", folder, imp, r.why)
			}
		}
	}
	for m, who := range importers {
		if len(who) > 1 {
			t.Errorf("%s has %d importing packages %q; one is the rule", m, len(who), who)
		}
	}
}

func allowed(r rule, imp string) bool {
	if own, ok := strings.CutPrefix(imp, module+"/"); ok {
		if own == "internal/forge" {
			return slices.Contains(r.own, own) // tests only
		}
		for _, a := range r.own {
			if a == own || a == "internal/*" && strings.HasPrefix(own, "internal/") {
				return true
			}
		}
		return false
	}
	first, _, _ := strings.Cut(imp, "/")
	if !strings.Contains(first, ".") {
		return true // standard library
	}
	for _, a := range r.others {
		if strings.HasPrefix(imp, a) {
			return true
		}
	}
	return false
}
