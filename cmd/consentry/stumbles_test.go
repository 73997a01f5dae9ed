package main

import (
	"crypto/x509"
	"encoding/asn1"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/consentry/consentry/internal/forge"
)

// TestWhatANewcomerMeets: slips that everybody makes once get an answer that says what to do.
func TestWhatANewcomerMeets(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	files := map[string][]byte{
		"notes.mp4": []byte("no video\n"), "empty.mp4": {}, "clip.mp4": forge.Make(generated()).Data, "short.mp4": forged["truncated"](), "stub.mp4": forge.Make(generated()).Data[:20], "changed.mp4": tamperedDeclaration(),
		"longer.mp4":     append(forge.Make(generated()).Data, "a line that somebody wrote behind the end of the file\n"...),
		"signer.key.pem": []byte("x"), "signer.chain.pem": []byte("x"), "ca.pem": []byte("x"), "token.jwt": []byte(forge.Token("ada", nil)), "root.pem": forged["root"](),
	}
	lattice, mail := generated(), generated()
	lattice.Manifest.Signer.Alg = "ML-DSA-65"
	mail.Manifest.Signer.Cert = func(c *x509.Certificate) {
		c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{forge.EmailProtection}
	}
	files["lattice.mp4"], files["mail.mp4"] = forge.Make(lattice).Data, forge.Make(mail).Data
	files["beside.mp4"], files["beside.mp4.c2pa"] = forge.Make(forge.Recipe{NoStore: true}).Data, []byte("junk\n")
	files["spoken.mp4"], files["spoken.mp4.consent.jwt"] = files["beside.mp4"], []byte("junk\n")
	files["mixed/a.jpg"], files["mixed/B.JPG"], files["mixed/c.txt"], files["mixed/d"], files["mixed/e.mp4"] = nil, nil, nil, nil, files["clip.mp4"]
	if err := os.Mkdir("mixed", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := []string{"verify", "--frames", "off", "--no-state"}
	for _, c := range []struct {
		name  string
		args  []string
		says  string // somewhere in both streams
		lacks string
	}{
		{"a text file", append(verify[:4:4], "notes.mp4"), "INDETERMINATE  notes.mp4: the container is not recognized as video, sound or a picture (profile newsroom)", "not supported yet: embedded"},
		{"an empty file", append(verify[:4:4], "empty.mp4"), "INDETERMINATE  empty.mp4: the file is empty (profile newsroom)", "not supported yet: embedded"},
		{"a cut file", append(verify[:4:4], "short.mp4"), "the file ends before its container does, and is not what was signed", "was changed after"},
		{"text behind the end", append(verify[:4:4], "longer.mp4"), "FAIL  longer.mp4: bytes were appended behind what was signed", "ends before its container"},
		{"a signer that nobody knows", append(verify[:4:4], "clip.mp4"), "on no trust list (--trust names further anchors)", ""},
		{"a signer under a given anchor with another purpose", append(verify[:4:4], "--trust", "root.pem", "mail.mp4"), `; not trusted: list "root.pem" accepts none of the certificate's extended key usages: 1.3.6.1.5.5.7.3.4`, "on no trust list (--trust names"},
		{"what else keeps a signer from being trusted", []string{"explain", "signingCredential.untrusted"}, "--eku", ""},
		{"a key of ML-DSA", []string{"inspect", "lattice.mp4"}, ", ML-DSA-65, ", ", 0, "},
		{"a reason that stands alone", append(verify[:4:4], "--profile", "ci", "--trust", "root.pem", "clip.mp4"), "\nwhy\n  FAIL ", ""},
		{"a declaration in a changed file", append(verify[:4:4], "changed.mp4"), "declared in a manifest that does not hold: nothing rests on it", "no token proves it"},
		{"a key of another name", []string{"sign", "--key", "sign.pem", "--cert", "signer.chain.pem", "clip.mp4", "out.mp4"}, "did you mean signer.chain.pem or signer.key.pem?", ""},
		{"a token whose issuer nobody knows", []string{"token", "verify", "--at", "2026-06-01T12:00:00Z", "token.jwt"}, "hint: give --consent-trust FILE", ""},
		{"certificates where a trust list of issuers belongs", append(verify[:4:4], "--consent-trust", "root.pem", "clip.mp4"), "root.pem is a PEM file; --consent-trust takes", "it is signed"},
		{"no time for a file", append(verify[:4:4], "--timeout", "1ns", "clip.mp4"), "origin      not checked      the run ended before", "nothing says where the picture"},
		{"no time for a file, and what nobody came to", []string{"verify", "--no-state", "--timeout", "1ns", "clip.mp4"}, "Persons were NOT analysed: the time for this file was over.", "off "},
		{"a file that ends in its first box", append(verify[:4:4], "stub.mp4"), "no manifest was found in what can be read of the file", "carries no manifest"},
		{"the name of an event that no policy names", []string{"explain", "incomplete_run"}, "the run ended before everything was looked at", "nothing is known"},
		{"the name of a mark", []string{"explain", "dwtdct"}, "an invisible mark", "nothing is known"},
		{"a word of the consent format", []string{"explain", "gathered"}, "does not vouch for", "nothing is known"},
		{"words of two words", []string{"explain", "not checked"}, "not-checked", "nothing is known"},
		{"an event of a policy", []string{"explain", "out_of_scope"}, "out-of-scope", "nothing is known"},
		{"a day", []string{"verify", "--frames", "off", "--no-state", "--at", "2026-06-01", "clip.mp4"}, "INDETERMINATE  clip.mp4", "is not a time"},
		{"no day", append(verify[:4:4], "--at", "2026-13-01", "clip.mp4"), "or 2026-11-22 for the beginning of that day in UTC", "INDETERMINATE"},
		{"a manifest store beside the file that is none", append(verify[:4:4], "beside.mp4"), "the manifest store beside.mp4.c2pa beside the file: 5 bytes", "at ?"},
		{"a manifest store that is none", append(verify[:4:4], "--manifest", "notes.mp4", "clip.mp4"), "the manifest store that was given, notes.mp4: ", ""},
		{"a consent sidecar that is none", append(verify[:4:4], "spoken.mp4"), "sidecar spoken.mp4.consent.jwt; consent format", ""},
		{"a folder with other files", append(verify[:4:4], "mixed"), `left out of "mixed", for their names are not those of video or sound: 2 .jpg files, 1 file without an ending, 1 .txt file; a file that is named itself is judged`, ""},
		{"an empty folder of models", []string{"models", "list", "--models-dir", "mixed"}, "\nlooked for in, the first that has it: mixed\n", "  installed"},
		{"a clip that is not there, where it is looked for", []string{"index", "--store", "prints", "nope"}, `nope": no such file`, `nope": "`},
		{"a folder of cases that is not there", []string{"conformance", "run", "nope"}, `error: "nope": no such file`, "lstat"},
		{"a text where a token belongs", []string{"token", "show", "empty.mp4"}, `error: "empty.mp4": no token`, ""},
		{"a word behind version", []string{"version", "x"}, "version takes no argument", "consent format"},
		{"help", []string{"help", "verify"}, "  consentry verify --profile ci --consent-trust issuers.json *.mp4\n", ""},
		{"what a picture is, unjudged", []string{"inspect", "clip.mp4"}, "c2pa.created (trainedAlgorithmicMedia)", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, out, talk := asked(t, c.args...)
			if all := out + talk; !strings.Contains(all, c.says) || c.lacks != "" && strings.Contains(all, c.lacks) {
				t.Errorf("%s", all)
			}
		})
	}
}

// tamperedDeclaration is a file that was changed after somebody declared consent in it, without a token.
func tamperedDeclaration() []byte {
	r := generated()
	person := forge.Depicted("p1", "ada")
	person.Set("basis", "token")
	r.Manifest.Assertions = []forge.Assertion{{Label: forge.ConsentLabel, CBOR: forge.Consent([]forge.Map{person})}}
	b := forge.Make(r)
	for _, box := range b.Roots {
		if box.Type == "mdat" {
			b.Data[box.Offset+box.Size-1] ^= 1
		}
	}
	return b.Data
}
