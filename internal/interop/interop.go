// Package interop asks other implementations of C2PA what they say of files, for tests: c2pa-rs in two versions, as
// PyPI and npm have it, and encypher-c2pa, whose code is its own. "scripts/setup.sh test" installs them into a folder
// outside of what is built.
//
// It has the files of docs/comparison.md as well ([Kinds]), made with the forge, and [Rules] that explain where the
// implementations differ. It is no judge: the specification decides. Only tests and the command beside it import it.
// Start with [Ask].
package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Oracle is another implementation.
type Oracle string

// The implementations that can be asked. The two c2pa-rs share an author and most code.
const (
	Current  Oracle = "c2pa-rs-0.91"
	Older    Oracle = "c2pa-rs-0.90" // takes no fragments
	Encypher Oracle = "encypher"
)

// Oracles are all that can be asked.
func Oracles() []Oracle { return []Oracle{Current, Older, Encypher} }

// claimSigning, timeStamping and ocspSigning are the key usages that c2pa-rs is told to accept. C2PA 2.5, 13.5.1.
const claimSigning, timeStamping, ocspSigning = "1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.9"

// Trust is whom the other implementation is to trust: certificates in PEM.
type Trust struct {
	Claim, TSA, CAWG     []byte
	Allowed, CAWGAllowed []byte   // end-entity certificates, trusted as they are
	EKU                  []string // further key usages of claim signers
}

// File is a file to be read.
type File struct {
	Path      string
	Mime      string
	Manifest  string   // a store beside the file
	Fragments []string // files of the set whose initialization segment Path is
	Trust     Trust
	At        time.Time // sets the clock of who reads it; zero: now
}

// Answer is what another implementation says of a file.
type Answer struct {
	State         string   // Trusted, Valid or Invalid; empty where Refused is not
	Success       []string // status codes of the active manifest
	Informational []string
	Failure       []string
	Refused       string // the one-line error that came in place of a report
}

// Accepts says whether the file is taken for what it says it is, by a trusted signer or not.
func (a Answer) Accepts() bool { return a.State == "Trusted" || a.State == "Valid" }

// Word is the answer in one word.
func (a Answer) Word() string {
	if a.Refused != "" {
		return "refused"
	}
	return strings.ToLower(a.State)
}

// unsupported are answers of who cannot read a kind of file, or a kind of hash for it.
var unsupported = regexp.MustCompile(`^C2paNotSupported:|type is unsupported|unsupported_mime|not supported for:|expected "RIFF", got "RF64"|^no call for fragments`)

// Opinion is false where the answer is that such files are not read at all.
func (a Answer) Opinion() bool { return !unsupported.MatchString(a.Refused) }

// settings are those of c2pa-rs, without the network: version 0.91 has separate lists of anchors, 0.90 one for claims
// and time-stamps.
func (t Trust) settings(who Oracle) map[string]any {
	ekus := strings.Join(append(append([]string{claimSigning}, t.EKU...), timeStamping, ocspSigning), "\n")
	out := map[string]any{"verify": map[string]bool{"remote_manifest_fetch": false, "ocsp_fetch": false, "verify_trust": true}}
	list := func(anchors, allowed []byte) map[string]string {
		m := map[string]string{"trust_config": ekus}
		for key, pem := range map[string][]byte{"trust_anchors": anchors, "allowed_list": allowed} {
			if len(pem) > 0 {
				m[key] = string(pem)
			}
		}
		return m
	}
	if who == Older {
		both := append(append(append([]byte{}, t.Claim...), '\n'), t.TSA...)
		out["trust"], out["cawg_trust"] = list([]byte(strings.TrimSpace(string(both))), t.Allowed), list(t.CAWG, t.CAWGAllowed)
		return out
	}
	anchors := []map[string]string{}
	for _, a := range []struct {
		kind         string
		pem, allowed []byte
	}{{"manifest", t.Claim, t.Allowed}, {"tsa", t.TSA, nil}, {"cawg", t.CAWG, t.CAWGAllowed}} {
		if len(a.pem)+len(a.allowed) == 0 {
			continue
		}
		m := map[string]string{"trust_kind": a.kind, "trust_uri": "urn:x-test:" + a.kind, "trust_anchors": string(a.pem)}
		if len(a.allowed) > 0 {
			m["allowed_list"] = string(a.allowed)
		}
		anchors = append(anchors, m)
	}
	trust := map[string]any{"trust_config": ekus}
	if len(anchors) > 0 {
		trust["anchors"] = anchors
	}
	out["trust"] = trust
	return out
}

// pem is the trust as encypher-c2pa takes it.
func (t Trust) pem() map[string]string {
	out := map[string]string{}
	for key, pem := range map[string][]byte{
		"trust_pem": t.Claim, "tsa_trust_pem": t.TSA, "cawg_trust_pem": t.CAWG, "allowed_list_pem": t.Allowed, "cawg_allowed_certs_pem": t.CAWGAllowed,
	} {
		if len(pem) > 0 {
			out[key] = string(pem)
		}
	}
	return out
}

// command is how an implementation is started; nil: it is not installed.
func (o Oracle) command(root string) []string {
	home := filepath.Join(root, "build", "interop")
	script := func(name string) string { return filepath.Join(root, "testdata", "interop", name) }
	have := func(path ...string) bool {
		found, _ := filepath.Glob(filepath.Join(append([]string{home}, path...)...))
		return len(found) > 0
	}
	python := filepath.Join(home, "bin", "python")
	switch {
	case o == Current && have("lib", "python3*", "site-packages", "c2pa"):
		return []string{python, "-I", script("read.py")}
	case o == Encypher && have("lib", "python3*", "site-packages", "encypher_c2pa"):
		return []string{python, "-I", script("encypher.py")}
	case o == Older && have("node", "node_modules", "@contentauth", "c2pa-node", "package.json"):
		if node, err := exec.LookPath("node"); err == nil {
			return []string{node, script("read.mjs"), filepath.Join(home, "node")}
		}
	}
	return nil
}

// Installed are the implementations that are here. The test ends where there is none, or where one is missing that
// "scripts/setup.sh test" installs everywhere: it is skipped, or fails if CI is set or CONSENTRY_REQUIRE_INTEROP is 1.
func Installed(t testing.TB) []Oracle {
	t.Helper()
	var out []Oracle
	for _, o := range Oracles() {
		switch {
		case o.command(moduleRoot(t)) != nil:
			out = append(out, o)
		case o == Older:
			t.Logf("%s is not here (it needs Node.js 20 and npm): it was not asked", o)
		default:
			missing(t, string(o)+" is not installed: nothing was checked against it (run: scripts/setup.sh test)")
		}
	}
	return out
}

// missing ends a test that cannot be made here.
func missing(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CONSENTRY_REQUIRE_INTEROP") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// clockLibrary is libfaketime as the faketime command sets it; empty: there is none. The command fails where something
// was left behind under the number of its process, and so it is asked more than once.
var clockLibrary = sync.OnceValue(func() string {
	for range 5 {
		if out, err := exec.Command("faketime", "-m", "-f", "+0", "printenv", "LD_PRELOAD").Output(); err == nil {
			return strings.TrimSpace(string(out))
		}
	}
	return ""
})

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}
