package render

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/consentry/consentry/internal/cbortree"
	"github.com/consentry/consentry/manifest"
	"github.com/consentry/consentry/signing"
)

// maxNamed is how many things of an assertion are named in its line; the rest is counted.
const maxNamed = 6

// words says what an assertion is about in one line of plain words.
func (b *budget) words(a *manifest.Assertion) string {
	switch {
	case a.ContentType == "":
		return "not there"
	case a.ContentType == "embedded":
		return fmt.Sprintf("a file of type %s", Quote(a.MediaType))
	case a.ContentType == "json":
		if strings.HasSuffix(a.Base, ".training-mining") {
			if s := trainingJSON(a.Payload); s != "" {
				return s
			}
		}
		return jsonWords(a.Payload)
	case a.ContentType != "cbor":
		return "content that is not decoded"
	}
	t, err := b.parse(a.Payload)
	if err != nil {
		return "CBOR that cannot be read: " + Safe(err.Error())
	}
	base := a.Base
	if s := detailWords(base, t); s != "" {
		return s
	}
	switch {
	case base == "c2pa.actions" || base == "c2pa.actions.v2":
		return actionsWords(t)
	case strings.HasPrefix(base, "c2pa.hash.bmff"):
		return bmffWords(t)
	case strings.HasPrefix(base, "c2pa.hash."):
		return "content hash" + by(t)
	case strings.HasPrefix(base, "c2pa.ingredient"):
		return ingredientWords(t)
	case base == "io.github.consentry.consent":
		return consentWords(t)
	}
	return memberWords(t)
}

// formalWord is a word of a format as it is; what is none is quoted.
func formalWord(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return r != '-' && r != '_' && (r < '*' || r > 'z') }) {
		return Quote(s)
	}
	return Clip(s)
}

func by(t cbortree.Value) string {
	if alg := t.Get("alg").Str(); alg != "" {
		return " by " + Clip(alg)
	}
	return ""
}

// named lists what the elements of an array are called.
func named(noun string, list cbortree.Value, name func(cbortree.Value) string) string {
	items := list.List()
	if len(items) == 0 {
		return "no " + noun
	}
	var names []string
	for _, v := range items[:min(len(items), maxNamed)] {
		names = append(names, Clip(name(v)))
	}
	s := noun + ": " + strings.Join(names, ", ")
	if n := len(items) - len(names); n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

// bmffWords says what a content hash of a BMFF file leaves out. C2PA 2.5, 16.3.2.
func bmffWords(t cbortree.Value) string {
	s := "content hash" + by(t)
	if ex := t.Get("exclusions"); len(ex.List()) > 0 {
		s += ", " + named("leaves out", ex, func(v cbortree.Value) string { return v.Get("xpath").Str() })
	}
	if n := len(t.Get("merkle").List()); n > 0 {
		s += ", " + plural(n, "Merkle tree")
	}
	return s
}

func ingredientWords(t cbortree.Value) string {
	parts := []string{Clip(t.Get("relationship").Str())}
	if title := t.Get("dc:title").Str(); title != "" {
		parts = append(parts, Quote(title))
	}
	if !t.Has("activeManifest") && !t.Has("c2pa_manifest") {
		parts = append(parts, "without a manifest of its own")
	}
	return join(parts)
}

// consentWords sums a consent declaration up. Consent format 1, 2.
func consentWords(t cbortree.Value) string {
	s := "consent declaration, " + named("people", t.Get("people"), func(v cbortree.Value) string {
		return formalWord(v.Get("id").Str()) + " (" + formalWord(v.Get("kind").Str()) + ", " + formalWord(v.Get("rendering").Str()) + ")"
	})
	if c := t.Get("completeness").Str(); c != "" {
		s += ", completeness " + formalWord(c)
	}
	if n := len(t.Get("tokens").List()); n > 0 {
		s += ", " + plural(n, "token")
	}
	return s
}

func memberWords(t cbortree.Value) string {
	if t.Kind != cbortree.Map {
		return "content that is no map"
	}
	var names []string
	for i := 0; i+1 < len(t.Items) && len(names) < maxNamed; i += 2 {
		names = append(names, formalWord(t.Items[i].Name()))
	}
	return memberList(names, len(t.Items)/2)
}

func jsonWords(text []byte) string {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	tok, err := dec.Token()
	if err != nil {
		return "JSON that cannot be read"
	}
	if tok != json.Delim('{') {
		return "JSON that is no object"
	}
	var names []string
	total := 0
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "JSON that cannot be read"
		}
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return "JSON that cannot be read"
		}
		if total++; len(names) < maxNamed {
			names = append(names, formalWord(fmt.Sprint(key)))
		}
	}
	return memberList(names, total)
}

func memberList(names []string, total int) string {
	if total == 0 {
		return "no members"
	}
	s := "members " + strings.Join(names, ", ")
	if n := total - len(names); n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

// keyWords says what kind of key a certificate is for.
func keyWords(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "EC " + k.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	}
	if alg, _ := signing.AKP(c); alg != "" {
		return alg
	}
	return c.PublicKeyAlgorithm.String()
}
