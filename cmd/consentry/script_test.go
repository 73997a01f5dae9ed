package main

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/consentry/consentry/detector"
	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/internal/schematest"
	"github.com/consentry/consentry/trust"
)

// The scripts run the real program as a command. Each is one theme, and each block asserts standard output, standard
// error and, by "exit", the code.

func TestMain(m *testing.M) {
	// Tests that run the program inside of their own process start its children from this very binary.
	if serve := childOf(os.Args); serve != nil {
		os.Exit(serve())
	}
	if len(os.Args) > 2 && os.Args[1] == detector.Subcommand {
		os.Exit(detector.Become())
	}
	testscript.Main(m, map[string]func(){
		"consentry": func() {
			if serve := childOf(os.Args); serve != nil {
				os.Exit(serve())
			}
			if len(os.Args) > 2 && os.Args[1] == detector.Subcommand {
				os.Exit(detector.Become())
			}
			os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// clips are short videos that move; testdata/clips/make.sh makes them. Scripts run in other folders.
var clips, _ = filepath.Abs("../../testdata/clips")

func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("CONSENTRY_UPDATE_SCRIPTS") == "1",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "forge": forgeFile, "keeps": keeps, "clip": clipFile},
		Condition:           condition,
	})
}

// exits CODE ARGS… runs consentry and wants that very exit code; stdout and stderr can then be held against patterns.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE [args…]")
	}
	got := "0"
	if err := ts.Exec("consentry", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("consentry did not run: %v", err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit %s, want %s", got, args[0])
	}
}

// forged are the files that scripts ask for by name. All are made at [forge.Clock] and signed under [forge.CA].
var forged = map[string]func() []byte{
	"root":        func() []byte { return forge.ChainPEM(forge.CA().Root.Cert) },
	"tsa-root":    func() []byte { return forge.ChainPEM(forge.TSA().Root.Cert) },
	"other-root":  func() []byte { return forge.ChainPEM(forge.NewAuthority("Forge Other CA").Root.Cert) },
	"certificate": func() []byte { leaf, _ := forge.Signer{}.Chain(); return forge.ChainPEM(leaf.Cert) },
	"certificate-key.json": func() []byte { // of "certificate", as a JWK
		leaf, _ := forge.Signer{}.Chain()
		key := leaf.Key.(*ecdsa.PrivateKey)
		public, err := key.PublicKey.Bytes()
		if err != nil {
			panic(err)
		}
		secret, err := key.Bytes()
		if err != nil {
			panic(err)
		}
		b64 := base64.RawURLEncoding.EncodeToString
		return fmt.Appendf(nil, `{"kty":"EC","crv":"P-256","x":"%s","y":"%s","d":"%s"}`, b64(public[1:33]), b64(public[33:]), b64(secret))
	},
	"unsigned":  func() []byte { return forge.Make(forge.Recipe{NoStore: true}).Data },
	"generated": func() []byte { return forge.Make(generated()).Data },
	"stamped": func() []byte {
		r := generated()
		r.Manifest.Signer.Stamps, r.Manifest.Signer.Stamp2 = []forge.Stamp{{}}, true
		return forge.Make(r).Data
	},
	"captured": func() []byte {
		r := forge.Recipe{}
		r.Manifest.Actions = []forge.Action{{Name: "c2pa.created", Source: "digitalCapture"}}
		return forge.Make(r).Data
	},
	"declared": func() []byte { // and says that it depicts nobody
		r := generated()
		r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Map{
			{K: "v", V: 1},
			{K: "completeness", V: "complete"},
			{K: "people", V: []any{}},
			{K: "generation", V: forge.Map{{K: "provider", V: "https://generator.example"}}},
		}}}
		return forge.Make(r).Data
	},
	"undeclared": func() []byte { // one person, of whom nothing is declared
		r := generated()
		r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Map{
			{K: "v", V: 1},
			{K: "completeness", V: "complete"},
			{K: "people", V: []any{forge.Map{
				{K: "id", V: "p1"},
				{K: "kind", V: "real"},
				{K: "rendering", V: "replica"},
				{K: "modality", V: []any{"face"}},
				{K: "basis", V: "unknown"},
			}}},
			{K: "generation", V: forge.Map{{K: "provider", V: "https://generator.example"}}},
		}}}
		return forge.Make(r).Data
	},
	"tampered": func() []byte {
		b := forge.Make(generated())
		for _, box := range b.Roots {
			if box.Type == "mdat" {
				b.Data[box.Offset+box.Size-1] ^= 1
			}
		}
		return b.Data
	},
	"truncated": func() []byte { b := forge.Make(generated()).Data; return b[:len(b)-100] },
	"damaged":   func() []byte { b := forge.Make(forge.Recipe{NoStore: true}).Data; return b[:len(b)-100] },
	"hostile-names": func() []byte {
		r := generated()
		r.Manifest.Claim = func(c *forge.Map) {
			c.Set("dc:title", "clip\u202egpj.\x1b[31mRED\a\u2066")
			c.Set("claim_generator_info", forge.Map{{K: "name", V: "\u202eGenerator\u200b\x1b]0;x\a"}})
		}
		return forge.Make(r).Data
	},
	"history": func() []byte { // a parent and what was made of it
		r := generated()
		r.Manifest.Label = "urn:c2pa:22222222-2222-4222-8222-222222222222"
		parent := &forge.Manifest{Label: "urn:c2pa:11111111-1111-4111-8111-111111111111"}
		r.Manifest.Ingredients = []forge.Ingredient{{Manifest: parent}}
		r.Manifest.Actions = []forge.Action{{Name: "c2pa.opened", Ingredient: []int{0}}}
		return forge.Make(r).Data
	},
	"store": func() []byte { return forge.Make(generated()).Store },
	"aggregated": func() []byte { // an aggregator vouches for who made it
		r := generated()
		r.Manifest.Assertions = []forge.Assertion{{Label: "cawg.identity", Identity: &forge.Identity{Aggregator: &forge.Aggregator{}}}}
		return forge.Make(r).Data
	},
	"lists":     func() []byte { return officialList(7, 0) },
	"old-lists": func() []byte { return officialList(0, 0) },
	"few-lists": func() []byte { return officialList(8, 2) },
	"did":       func() []byte { return forge.DIDDocument(forge.AggregatorDID, nil, forge.Algorithms...) },
	"other-did": func() []byte { return forge.DIDDocument("did:web:other.example", nil, forge.Algorithms...) },
}

// officialList is the official list of claim signers with another number, a month later, and without its first anchors.
func officialList(number, without int) []byte {
	l, err := trust.Lists([]string{"c2pa"}, "")
	if err != nil {
		panic(err)
	}
	var entities []any
	for _, a := range l.Claim[0].Anchors[without:] {
		entities = append(entities, map[string]any{"TrustedEntityServices": []any{map[string]any{"ServiceInformation": map[string]any{
			"ServiceDigitalIdentity": map[string]any{"X509Certificates": []any{map[string]any{"val": base64.StdEncoding.EncodeToString(a.DER)}}},
			"ServiceStatus":          "http://c2pa.org/conformance/trust-list/trusted", "StatusStartingTime": a.NotBefore,
		}}}})
	}
	issued := l.Claim[0].Issued.AddDate(0, 1, 0)
	text, err := json.Marshal(map[string]any{"LoTE": map[string]any{
		"ListAndSchemeInformation": map[string]any{
			"LoTESequenceNumber": number, "SchemeName": []any{map[string]any{"lang": "en", "value": "C2PA Trust List"}},
			"ListIssueDateTime": issued, "NextUpdate": time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		},
		"TrustedEntitiesList": entities,
	}})
	if err != nil {
		panic(err)
	}
	return text
}

// generated is a clip that its signer says was generated.
func generated() forge.Recipe {
	return forge.Recipe{Manifest: forge.Manifest{Actions: []forge.Action{{Name: "c2pa.created", Source: "trainedAlgorithmicMedia"}}}}
}

// forgeFile KIND FILE makes one of the forged files.
func forgeFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || forged[args[0]] == nil {
		ts.Fatalf("usage: forge KIND FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), forged[args[0]](), 0o644))
}

// condition says what this build has: a decoder.
func condition(name string) (bool, error) {
	if name != "decoder" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	return newDecoder() != nil, nil
}

// clipFile CLIP FILE copies one of the clips of testdata/clips.
func clipFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: clip CLIP FILE")
	}
	data, err := os.ReadFile(filepath.Join(clips, filepath.Base(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o644))
}

// keeps SCHEMA FILE wants a file (or stdout) to keep to a schema: report, batch, crjson, find or persons.
func keeps(ts *testscript.TestScript, neg bool, args []string) {
	names := map[string]string{"report": schematest.Report, "batch": schematest.Batch, "crjson": schematest.CrJSON, "find": schematest.Find, "persons": schematest.Persons}
	if neg || len(args) != 2 || names[args[0]] == "" {
		ts.Fatalf("usage: keeps SCHEMA FILE")
	}
	ts.Check(schematest.Check(names[args[0]], []byte(ts.ReadFile(args[1]))))
}
