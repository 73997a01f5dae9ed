package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/demo"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/signing"
)

// demoMarker is the file by which demo knows a folder as its own: it writes into no other that has something in it.
const demoMarker = "README.txt"

// demoLife is how long the demo's tokens hold. Up to seven days a token needs no status list. Consent format 1, 3.
const demoLife = 6 * 24 * time.Hour

// demoProvider is the id under which the trust list knows the demo's generator.
const demoProvider = "https://generator.example"

// tokenPlace stands in consent-both.template.json where the second token goes.
const tokenPlace = "TOKEN-2"

func (p *program) demoCommand() *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "Make a sample clip with two people and judge it", ArgsUsage: "[DIR]",
		Action: func(c *cli.Context) error {
			if c.Args().Len() > 1 {
				return &usageError{Text: "demo takes one folder", Hint: "consentry demo my-demo"}
			}
			dir := c.Args().First()
			if dir == "" {
				dir = "consentry-demo"
			}
			return p.demo(c.Context, dir, time.Now())
		},
	}
}

// demo makes the folder, judges its clip, and says what to try next. It succeeds when that worked, whatever the verdict.
func (p *program) demo(ctx context.Context, dir string, now time.Time) error {
	d := &demoFolder{dir: dir, now: now}
	if err := d.prepare(); err != nil {
		return err
	}
	if err := d.write(); err != nil {
		return err
	}
	if _, err := p.sign(ctx, d.signOptions("consent.json", "clip.mp4")); err != nil {
		return err
	}
	where := render.Safe(dir)
	fmt.Fprintf(p.stdout, "A clip with two people who do not exist, signed with a key made just now for this folder: %s\n", where)
	fmt.Fprintf(p.stdout, "Person p1 has granted the use of the face; of p2 nobody says anything. May it ship?\n\n")
	fmt.Fprintf(p.stdout, "  $ cd %s\n  $ %s\n\n", shellQuote(dir), d.verify("clip.mp4", "ci"))
	o := &verifyOptions{
		assets: []string{d.path("clip.mp4")}, profile: "ci", trustLists: []string{"none"}, trust: []string{d.path("ca.pem")},
		consentTrust: d.path("consent-trust.json"), format: "text", frames: "auto", persons: "auto", jobs: 1,
	}
	if err := p.verify(ctx, o); err != nil {
		return err
	}
	if p.code == exitUnknown {
		return errors.New("the demo's clip could not be judged")
	}
	p.code = exitMeets
	_, err := fmt.Fprintf(p.stdout, "\nWhat to try next, in the folder %s:\n\n%s", where, d.next())
	return err
}

// demoFolder is the demo's folder on the way.
type demoFolder struct {
	dir  string
	now  time.Time
	spki []byte // of the signer's key
}

func (d *demoFolder) path(name string) string { return filepath.Join(d.dir, name) }

// prepare makes the folder, and refuses one that holds what is not the demo's.
func (d *demoFolder) prepare() error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return plainError(d.dir, err)
	}
	entries, err := os.ReadDir(d.dir)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return nil
	}
	if _, err := os.Stat(d.path(demoMarker)); err != nil {
		return &hintError{fmt.Errorf("%q holds files that demo did not make", d.dir), "name a new folder: consentry demo my-demo"}
	}
	return nil
}

// put writes a file; private ones for nobody else to read.
func (d *demoFolder) put(name string, data []byte) error {
	mode := os.FileMode(0o644)
	if strings.Contains(name, ".key.") {
		mode = 0o600
	}
	if err := os.RemoveAll(d.path(name)); err != nil {
		return err
	}
	return os.WriteFile(d.path(name), data, mode)
}

// write fills the folder: credentials, people, tokens and what the trust lists say of them.
func (d *demoFolder) write() error {
	if err := d.put(demoMarker, []byte("Made by \"consentry demo\". Every key and certificate in here is a TEST: it stands for nobody.\n")); err != nil {
		return err
	}
	if err := d.put("original.mp4", demo.Clip()); err != nil {
		return err
	}
	if err := d.credentials(); err != nil {
		return err
	}
	var entries []any
	var tokens [2]string
	for i := range tokens {
		entry, token, err := d.person(i + 1)
		if err != nil {
			return err
		}
		entries, tokens[i] = append(entries, entry), token
	}
	digest := sha256.Sum256(d.spki)
	entries = append(entries, map[string]any{
		"id": demoProvider, "name": "TEST generator", "roles": []string{"provider"},
		"signers": []any{map[string]any{"spki#S256": base64.RawURLEncoding.EncodeToString(digest[:])}},
	})
	trust := map[string]any{
		"v": 1, "steward": "https://steward.example", "sequence": 1, "issued": d.now.UTC().Format(time.RFC3339),
		"next_update": d.now.Add(demoLife).UTC().Format(time.RFC3339), "entries": entries,
	}
	for name, v := range map[string]any{
		"consent-trust.json":         trust,
		"consent.json":               demoAssertion(tokens[0], ""),
		"consent-both.template.json": demoAssertion(tokens[0], tokenPlace),
	} {
		if err := d.putJSON(name, v); err != nil {
			return err
		}
	}
	return nil
}

func (d *demoFolder) putJSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return d.put(name, append(text, '\n'))
}

// credentials makes an authority and a signer, both for this folder alone. C2PA 2.5, 13.5.1.1.
func (d *demoFolder) credentials() error {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	ca := &x509.Certificate{
		Subject: pkix.Name{Organization: []string{"consentry demo"}, CommonName: "TEST authority of a consentry demo"}, NotBefore: d.now.Add(-time.Hour), NotAfter: d.now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	ca, err = certify(ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return err
	}
	leaf, err := certify(&x509.Certificate{
		Subject: pkix.Name{Organization: []string{"consentry demo"}, CommonName: "TEST signer of a consentry demo"}, NotBefore: d.now.Add(-time.Hour), NotAfter: d.now.AddDate(0, 1, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature, UnknownExtKeyUsage: []asn1.ObjectIdentifier{signing.EKUClaimSigning},
	}, ca, &key.PublicKey, caKey)
	if err != nil {
		return err
	}
	d.spki = leaf.RawSubjectPublicKeyInfo
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	var chain bytes.Buffer
	for _, c := range []*x509.Certificate{leaf, ca} {
		if err := pem.Encode(&chain, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			return err
		}
	}
	return errors.Join(
		d.put("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})),
		d.put("signer.key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		d.put("signer.chain.pem", chain.Bytes()),
	)
}

func certify(template, parent *x509.Certificate, pub *ecdsa.PublicKey, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial.Add(serial, big.NewInt(1))
	spki, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(spki)
	template.SubjectKeyId = id[:20]
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// person makes a key and the claims of a grant for a person, and the grant itself for the first one.
func (d *demoFolder) person(n int) (entry any, token string, err error) {
	key, err := consent.GenerateKey(consent.AlgEdDSA)
	if err != nil {
		return nil, "", err
	}
	text, err := key.PEM()
	if err != nil {
		return nil, "", err
	}
	id := fmt.Sprintf("https://person-%d.example", n)
	claims, err := json.MarshalIndent(map[string]any{
		"iss": id, "sub": "iss:" + id + "#me", "aud": demoProvider, "exp": d.now.Add(demoLife).Unix(),
		"consent": map[string]any{
			"type": "grant", "modality": []string{"face"}, "operation": []string{"generate"}, "purpose": []string{"test"},
			"territory": []string{"*"}, "subject_status": "adult", "authority": "self", "custody": "self",
		},
	}, "", "  ")
	if err != nil {
		return nil, "", err
	}
	name := fmt.Sprintf("person-%d.", n)
	if err := errors.Join(d.put(name+"key.pem", text), d.put(name+"claims.json", append(claims, '\n'))); err != nil {
		return nil, "", err
	}
	entry = map[string]any{
		"id": id, "name": fmt.Sprintf("TEST person %d", n), "roles": []string{"performer"},
		"subjects": map[string]any{"mode": "list", "ids": []string{"iss:" + id + "#me"}},
		"keys": []any{map[string]any{
			"kid": key.Public.Thumbprint(), "jwk": json.RawMessage(key.Public.JWK()), "nbf": d.now.Add(-time.Hour).Unix(), "exp": d.now.AddDate(1, 0, 0).Unix(), "use": []string{"token"},
		}},
	}
	if n > 1 {
		return entry, "", nil
	}
	token, err = consent.Mint(consent.MintInput{Claims: claims, Key: key, Now: d.now})
	if err != nil {
		return nil, "", err
	}
	return entry, token, d.put(name+"jwt", []byte(token+"\n"))
}

// demoAssertion is the consent assertion: two people with their places in the picture, and the tokens that there are.
func demoAssertion(first, second string) any {
	tokens := []any{map[string]any{"jwt": first}}
	var people []any
	for i, r := range demo.People {
		id := fmt.Sprintf("https://person-%d.example", i+1)
		person := map[string]any{
			"id": fmt.Sprintf("p%d", i+1), "kind": "real", "rendering": "replica", "modality": []string{"face"},
			"subject": map[string]any{"scheme": "iss", "id": id + "#me"},
			"regions": []any{map[string]any{"region": []any{
				map[string]any{"type": "spatial", "shape": map[string]any{
					"type": "rectangle", "unit": "percent", "origin": map[string]any{"x": r.X, "y": r.Y}, "width": r.Width, "height": r.Height,
				}},
			}}},
			"basis": "unknown",
		}
		if i == 0 || second != "" {
			person["basis"], person["tokens"] = "token", []int{i}
		}
		people = append(people, person)
	}
	if second != "" {
		tokens = append(tokens, map[string]any{"jwt": second})
	}
	return map[string]any{
		"v": 1, "completeness": "complete", "people": people, "tokens": tokens,
		"generation": map[string]any{"provider": demoProvider, "product": "TEST generator", "purpose": []string{"test"}},
	}
}

func (d *demoFolder) signOptions(assertion, out string) *signOptions {
	return &signOptions{
		key: d.path("signer.key.pem"), cert: d.path("signer.chain.pem"), source: "trainedAlgorithmicMedia",
		consent: d.path(assertion), in: d.path("original.mp4"), out: d.path(out), now: d.now,
	}
}

// self is how the program is called from inside the folder: by its name where the shell finds it, else by its path.
func (d *demoFolder) self() string {
	own, err := os.Executable()
	if err != nil {
		return "consentry"
	}
	if found, err := exec.LookPath("consentry"); err == nil {
		a, err1 := os.Stat(found)
		b, err2 := os.Stat(own)
		if err1 == nil && err2 == nil && os.SameFile(a, b) {
			return "consentry"
		}
	}
	if dir, err := filepath.Abs(d.dir); err == nil {
		if rel, err := filepath.Rel(dir, own); err == nil && len(rel) < len(own) {
			own = rel
		}
	}
	return shellQuote(own)
}

// verify is the command line that judges a file of the folder.
func (d *demoFolder) verify(file, profile string) string {
	return d.self() + " verify --profile " + profile + " --trust-list none --trust ca.pem --consent-trust consent-trust.json " + file
}

// next is what to try next: commands that work as they stand, typed in the demo's folder.
func (d *demoFolder) next() string {
	at := len(demo.Clip()) / 2 // in the middle of the media, wherever the manifest made them move to
	return fmt.Sprintf(`  1. Change one byte of the picture, and the content is no longer what was signed (FAIL):

     cp clip.mp4 tampered.mp4
     printf '\%03o' | dd of=tampered.mp4 bs=1 seek=%d conv=notrunc 2>/dev/null
     %s

  2. Let the second person consent too, sign again, and it may ship (PASS):

     %s token mint --key person-2.key.pem --out person-2.jwt person-2.claims.json
     sed "s|%s|$(cat person-2.jwt)|" consent-both.template.json > consent-both.json
     %s sign --key signer.key.pem --cert signer.chain.pem --source-type trainedAlgorithmicMedia --consent consent-both.json --consent-trust consent-trust.json original.mp4 both.mp4
     %s

  3. Ask another question: a newsroom wants to know what is declared, not whether it may ship (WARN):

     %s

  4. See what is in the file:

     %s inspect clip.mp4
`, d.otherByte(at), at, d.verify("tampered.mp4", "ci"), d.self(), tokenPlace, d.self(), d.verify("both.mp4", "ci"), d.verify("clip.mp4", "newsroom"), d.self())
}

// otherByte is a byte that does not stand at the offset of the signed clip.
func (d *demoFolder) otherByte(at int) byte {
	b, err := os.ReadFile(d.path("clip.mp4"))
	if err != nil || at >= len(b) || b[at] != 'X' {
		return 'X'
	}
	return 'Y'
}

// shellQuote writes a path as a shell takes it.
func shellQuote(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(render.Safe(path), "'", `'\''`) + "'"
}
