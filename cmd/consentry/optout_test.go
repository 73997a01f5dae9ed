package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
	"github.com/consentry/consentry/report"
)

var update = flag.Bool("update", false, "make the files of testdata/optout again")

// optOut is the worked example of an agency whose clients all opted out, as fixed files; testdata/optout/README.md says
// what each shows. Nothing of the product makes them: the forge has encoders of its own.
const optOut = "../../testdata/optout"

const optOutClient, optOutOther = "10.23/client-1", "10.23/client-2"

// optOutBundle is a bundle of the agency: its roster, in salted hashes, and its one order.
func optOutBundle(sequence int, from string, roster ...forge.Object) []byte {
	salt := []byte("opt-out example!")
	var entries []forge.Object
	for _, r := range roster {
		id, _ := r["id"].(string)
		h := sha256.New()
		h.Write(salt)
		h.Write([]byte("hand\x00" + id))
		e := forge.Object{"h": base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16]), "from": "2025-10-01T00:00:00Z"}
		if until, ok := r["until"]; ok {
			e["until"] = until
		}
		entries = append(entries, e)
	}
	return []byte(forge.JWS("consent-registry+jwt", "agency", nil, forge.Object{
		"iss": forge.URI("agency"), "sequence": sequence, "iat": forge.Clock.AddDate(0, 0, -10+sequence).Unix(),
		"next_update": "2027-06-01T00:00:00Z", "salt": base64.RawURLEncoding.EncodeToString(salt), "roster": entries, "revocations": []any{},
		"orders": []forge.Object{{
			"order": "all-clients", "decision": "prohibit", "override": "grant", "subjects": forge.Object{"select": "roster"}, "providers": []string{"*"},
			"operation": []string{"generate", "alter", "reanimate"}, "modality": []string{"face", "voice", "body", "motion", "name"},
			"effective_from": from, "effective_until": nil, "reason": "all clients opted out",
		}},
	}) + "\n")
}

// optOutFiles makes the example.
func optOutFiles(t *testing.T) map[string][]byte {
	t.Helper()
	clip := func(tokens ...string) []byte {
		person := forge.Depicted("p1", optOutClient)
		if len(tokens) > 0 {
			person = forge.Depicted("p1", optOutClient, 0)
		}
		r := generated()
		r.Manifest.Signer.Stamps, r.Manifest.Signer.Stamp2 = []forge.Stamp{{}}, true
		r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Consent([]forge.Map{person}, tokens...)}}
		return forge.Make(r).Data
	}
	grant := forge.Token("client-1", func(p, _ forge.Object) { p["sub"] = "hand:" + optOutClient })
	leaf, _ := forge.Signer{}.Chain()
	var trust map[string]any
	if err := json.Unmarshal(forge.ConsentTrust(leaf.Cert, "client-1", "agency"), &trust); err != nil {
		t.Fatal(err)
	}
	entries := trust["entries"].([]any)
	entries[1].(map[string]any)["subjects"] = forge.Object{"mode": "list", "ids": []string{"hand:" + optOutClient}}
	agency := entries[2].(map[string]any)
	agency["roles"], agency["subjects"] = []string{"agency"}, forge.Object{"mode": "roster"}
	agency["keys"].([]any)[0].(map[string]any)["use"] = []string{"token", "status", "registry"}
	list, err := json.MarshalIndent(trust, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	client, other := forge.Object{"id": optOutClient}, forge.Object{"id": optOutOther}
	left := forge.Object{"id": optOutClient, "until": "2026-01-01T00:00:00Z"}
	return map[string][]byte{
		"claim-ca.pem": forge.ChainPEM(forge.CA().Root.Cert), "tsa-ca.pem": forge.ChainPEM(forge.TSA().Root.Cert), "trust.json": append(list, '\n'),
		"clip.mp4": clip(), "clip-granted.mp4": clip(grant),
		"bundle-1.jwt": optOutBundle(1, "2025-10-01T00:00:00Z", client, other), "bundle-2.jwt": optOutBundle(2, "2025-10-01T00:00:00Z", left, other),
		"bundle-later.jwt": optOutBundle(1, "2026-07-01T00:00:00Z", client, other),
	}
}

// TestOptOutFiles holds the fixed files against what the forge makes today; -update makes them again.
func TestOptOutFiles(t *testing.T) {
	files := optOutFiles(t)
	for name, want := range files {
		name = filepath.Join(optOut, name)
		if *update {
			if err := os.WriteFile(name, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the forge makes (%v): go test ./cmd/consentry -run TestOptOutFiles -update", name, err)
		}
	}
	there, err := os.ReadDir(optOut)
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(optOut, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if f.Name() != "README.md" && (files[f.Name()] == nil || !strings.Contains(string(readme), "`"+f.Name()+"`")) {
			t.Errorf("%s: nobody makes it, or its README does not name it", f.Name())
		}
	}
}

// TestOptOut is the worked example: one signed order, and what it does to a clip of a client.
func TestOptOut(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	for _, c := range []struct {
		name, file, bundles, at string
		profile                 string
		state, now, level       string
		code                    string
		verdict                 report.Verdict
	}{
		{name: "a client's clip is refused", file: "clip.mp4", bundles: "bundle-1.jwt", state: "refused", code: "consent.registry.refused", verdict: report.Fail},
		{name: "and for who ships it", file: "clip.mp4", bundles: "bundle-1.jwt", profile: "ci", state: "refused", code: "consent.registry.refused", verdict: report.Fail},
		{name: "without the bundle nobody knows", file: "clip.mp4", state: "undeclared", verdict: report.Warn},
		{name: "the client's grant lifts the order", file: "clip-granted.mp4", bundles: "bundle-1.jwt", state: "verified", level: "E3", code: "consent.person.verified", verdict: report.Pass},
		{name: "and for who ships it", file: "clip-granted.mp4", bundles: "bundle-1.jwt", profile: "ci", state: "verified", code: "consent.person.verified", verdict: report.Pass},
		{name: "the client had left the roster: no longer refused, and not verified", file: "clip.mp4", bundles: "bundle-2.jwt", state: "undeclared", code: "consent.registry.clear", verdict: report.Warn},
		{name: "of two bundles the later counts", file: "clip.mp4", bundles: "bundle-1.jwt bundle-2.jwt", state: "undeclared", verdict: report.Warn},
		{name: "of two bundles the later counts, in any order", file: "clip.mp4", bundles: "bundle-2.jwt bundle-1.jwt", profile: "ci", state: "undeclared", verdict: report.Fail},
		{name: "before the order's date", file: "clip.mp4", bundles: "bundle-later.jwt", state: "undeclared", code: "consent.registry.clear", verdict: report.Warn},
		{name: "made before the order's date, judged after it", file: "clip.mp4", bundles: "bundle-later.jwt", at: "2026-08-01T00:00:00Z", state: "undeclared", now: "refused", verdict: report.Warn},
		{name: "made before the order's date, shipped after it", file: "clip.mp4", bundles: "bundle-later.jwt", at: "2026-08-01T00:00:00Z", profile: "ci", state: "refused", now: "refused", verdict: report.Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := func(name string) string { return filepath.Join(optOut, name) }
			args := []string{
				"verify", "--format", "json", "--frames", "off", "--no-state", "--trust-list", "none", "--trust", in("claim-ca.pem"), "--tsa-trust", in("tsa-ca.pem"),
				"--consent-trust", in("trust.json"), "--at", max(c.at, "2026-06-02T00:00:00Z"), "--profile", profileOr(c.profile),
			}
			for _, b := range strings.Fields(c.bundles) {
				args = append(args, "--consent-registry", in(b))
			}
			_, out, talk := asked(t, append(args, in(c.file))...)
			var r report.Report
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v: %s", err, talk)
			}
			if len(r.People) != 1 {
				t.Fatalf("%d people: %s", len(r.People), out)
			}
			p := r.People[0]
			if p.State != c.state || c.now != "" && p.Now != c.now || c.level != "" && p.Level != c.level || r.Verdict != c.verdict {
				t.Errorf("%s, now %s, %s, %s", p.State, p.Now, p.Level, r.Verdict)
			}
			if c.code != "" && !slices.ContainsFunc(p.Findings, func(f report.Finding) bool { return f.Code == c.code }) {
				t.Errorf("no %s: %v", c.code, p.Findings)
			}
		})
	}
}

func profileOr(name string) string {
	if name == "" {
		return "newsroom"
	}
	return name
}
