package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhoSaysNo: a no names who says it, where it stands, and what was taken for what it is not.
func TestWhoSaysNo(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	t.Setenv("XDG_STATE_HOME", state)
	junk, pem := filepath.Join(dir, "orders.jwt"), filepath.Join(dir, "ca.pem")
	records := filepath.Join(dir, "records.xml")
	for name, text := range map[string]string{junk: "no bundle", records: "<rsl", pem: string(forged["root"]())} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(optOut, name) }
	base := []string{
		"verify", "--frames", "off", "--trust-list", "none", "--trust", in("claim-ca.pem"), "--tsa-trust", in("tsa-ca.pem"), "--consent-trust", in("trust.json"),
		"--at", "2026-06-02T00:00:00Z", in("clip.mp4"), "--consent-registry",
	}
	for _, c := range []struct {
		name  string
		args  []string
		says  []string
		lacks string
	}{
		{"an order", []string{in("bundle-1.jwt"), "--no-state"}, []string{
			`consent.registry.refused: the standing order "all-clients" of "https://agency.example" (bundle bundle-1.jwt with the sequence 1) forbids this`,
			`p1: refused: the standing order "all-clients" of`,
		}, "--no-state judges"},
		{"a newer bundle is remembered", []string{in("bundle-2.jwt")}, []string{"undeclared"}, "--no-state judges"},
		{"an older one", []string{in("bundle-1.jwt")}, []string{
			`the registry bundle bundle-1.jwt of "https://agency.example" with the sequence 1 is not used: one with 2 was seen before`,
			"warning: a list is older than one that was seen before; what was seen is kept in \"" + state, "verify --no-state judges without it",
		}, ""},
		{"a file that is no bundle", []string{junk, "--no-state"}, []string{"the registry bundle orders.jwt is not used: "}, ""},
		{"records that cannot be read", []string{records, "--no-state"}, []string{"the RSL-MEDIA document records.xml is not used: "}, ""},
		{"certificates", []string{pem, "--no-state"}, []string{"is a PEM file; --consent-registry takes bundles of standing orders", "consentry help registry build"}, "FAIL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out, talk := asked(t, append(base[:len(base):len(base)], c.args...)...)
			all := strings.Join(strings.Fields(out+talk), " ") // however the lines are broken
			for _, s := range c.says {
				if !strings.Contains(all, s) {
					t.Errorf("no %q in\n%s", s, out+talk)
				}
			}
			if c.lacks != "" && strings.Contains(all, c.lacks) {
				t.Errorf("%q in\n%s", c.lacks, out+talk)
			}
		})
	}
}

// TestErrorsOfConsentFilesNameTheirFlag: of four flags that take files or folders, the error says which one is meant.
func TestErrorsOfConsentFilesNameTheirFlag(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	for _, flag := range []string{"--consent-trust", "--consent-status", "--consent-registry", "--consent-tokens"} {
		code, out, talk := asked(t, "verify", "--no-state", "--frames", "off", flag, gone, filepath.Join(optOut, "clip.mp4"))
		if code != exitUnknown || out != "" || !strings.Contains(talk, "error: "+flag+` "`+gone+`": no such file or directory`) {
			t.Errorf("%s: exit %d: %s", flag, code, talk)
		}
	}
}

func TestBoxesAreAskedForInJSONAlone(t *testing.T) {
	for _, form := range []string{"text", "crjson"} {
		code, _, talk := asked(t, "verify", "--boxes", "--format", form, "clip.mp4")
		if code != exitUnknown || !strings.Contains(talk, "--boxes is in the JSON answer only") {
			t.Errorf("%s: exit %d: %s", form, code, talk)
		}
	}
}

// TestMembersThatTheFormatDoesNotKnow: a slip anywhere in a consent assertion is named before it is signed, and what
// the format knows is not.
func TestMembersThatTheFormatDoesNotKnow(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"all known", `{"v":1,"completeness":"complete","people":[{"id":"a","kind":"real","rendering":"replica","modality":["face"],"tokens":[0],"subject":{"scheme":"hand","id":"10.23/a"}}],"tokens":[{"jwt":"x"}],"generation":{}}`, ""},
		{"in a person", `{"people":[{"id":"a"},{"id":"b","regoins":[],"minr":true}]}`, "people[1].minr people[1].regoins"},
		{"in a subject", `{"people":[{"subject":{"scheme":"hand","idd":"x"}}]}`, "people[0].subject.idd"},
		{"in a token", `{"tokens":[{"jwt":"x"},{"jwtt":"x"}]}`, "tokens[1].jwtt"},
		{"in a consultation", `{"consulted":[{"registri":"x","answers":{"anybody":"none"}}]}`, "consulted[0].registri"},
		{"at the top, which the format's reader tells", `{"poeple":[]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := slippedMembers([]byte(c.text))
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
