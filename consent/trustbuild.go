package consent

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maxTrustText bounds a description of a trust list in bytes: thousands of entries.
const maxTrustText = 8 << 20

// TrustListInput is what a trust list is made of.
type TrustListInput struct {
	// Description is the list in JSON or YAML, as the format has it, with these helps: `v` and `issued` are filled in;
	// dates may be days, next_update also a span such as +30d; a key may be {file: NAME, use: …} for a file that holds
	// its JWK, or what `token keygen` printed; a signer may be {cert: NAME} for the digest of that certificate's key.
	Description []byte
	Steward     *PrivateKey // who signs the list; nil: it stays plain JSON, trusted by whoever is given it
	Kid         string      // of the steward's key; empty: its own, or its RFC 7638 thumbprint
	Now         time.Time
	// Read gives the text of a file that the description names; nil: it may name none.
	Read func(name string) ([]byte, error)
}

// BuildTrustList makes a consent trust list: JSON, or a JWS of the steward. What comes out was read back by our own
// reader; an entry that could do nothing is refused with a [*RefusedError] or a [*SyntaxError]. Consent format 1, 4.
func BuildTrustList(in TrustListInput) ([]byte, error) {
	d, err := readDescription(in.Description, "trust", maxTrustText, trustForm.json)
	if err != nil {
		return nil, err
	}
	if d, err = completeList(d, in); err != nil {
		return nil, err
	}
	text := d.encode(nil)
	list, err := ParseTrustList(text)
	if err != nil {
		return nil, err
	}
	for i, e := range list.Entries {
		if err := idle(e, indexed("trust.entries", i)); err != nil {
			return nil, err
		}
	}
	if in.Steward == nil {
		var out bytes.Buffer
		if err := json.Indent(&out, text, "", "  "); err != nil {
			return nil, err
		}
		out.WriteByte('\n')
		return out.Bytes(), nil
	}
	raw, err := signCompact("consent-trust+jwt", kidOf(in.Kid, in.Steward), d, in.Steward)
	if err != nil {
		return nil, err
	}
	if _, err := OpenTrustList(raw, in.Steward.Public); err != nil {
		return nil, &RefusedError{"trust list", []string{err.Error()}}
	}
	return []byte(raw + "\n"), nil
}

// completeList fills in what need not be written, and takes keys and certificates from their files.
func completeList(d value, in TrustListInput) (value, error) {
	if err := onlyMembers(d, "trust", "v", "steward", "sequence", "issued", "next_update", "entries"); err != nil {
		return d, err
	}
	if d.get("v").kind == absent {
		d = d.with("v", numberValue(1))
	}
	if d.get("issued").kind == absent {
		d = d.with("issued", timeValue(in.Now.UTC().Truncate(time.Second)))
	}
	if d.get("sequence").kind == absent {
		return d, &SyntaxError{Offset: -1, Path: "trust.sequence", Reason: "missing: readers tell by it which of two lists is the newer one"}
	}
	issued, ok := readDay(d.get("issued").text)
	if !ok {
		return d, &SyntaxError{Offset: -1, Path: "trust.issued", Reason: "neither a day nor an RFC 3339 time"}
	}
	next, ok := readDate(d.get("next_update").text, in.Now)
	if !ok || !next.After(in.Now) {
		return d, &SyntaxError{Offset: -1, Path: "trust.next_update", Reason: "not a later time: nobody could tell an old list"}
	}
	d = d.with("issued", timeValue(issued)).with("next_update", timeValue(next.UTC().Truncate(time.Second)))
	entries := d.get("entries")
	if entries.kind != jsonArray {
		return d, &SyntaxError{Offset: -1, Path: "trust.entries", Reason: "not an array"}
	}
	out := value{kind: jsonArray}
	for i, e := range entries.items {
		e, err := completeEntry(e, indexed("trust.entries", i), in)
		if err != nil {
			return d, err
		}
		out.items = append(out.items, e)
	}
	return d.with("entries", out), nil
}

func completeEntry(e value, path string, in TrustListInput) (value, error) {
	if err := onlyMembers(e, path, "id", "name", "roles", "keys", "subjects", "max_lifetime", "signers"); err != nil {
		return e, err
	}
	if s := e.get("subjects"); s.kind != absent {
		if err := onlyMembers(s, path+".subjects", "mode", "ids"); err != nil {
			return e, err
		}
	}
	for _, part := range []struct {
		name     string
		complete func(value, string, TrustListInput) (value, error)
	}{{"keys", completeKey}, {"signers", completeSigner}} {
		list := e.get(part.name)
		if list.kind != jsonArray {
			continue // the reader says what is wrong with another kind
		}
		out := value{kind: jsonArray}
		for i, item := range list.items {
			item, err := part.complete(item, indexed(path+"."+part.name, i), in)
			if err != nil {
				return e, err
			}
			out.items = append(out.items, item)
		}
		e = e.with(part.name, out)
	}
	return e, nil
}

func (in TrustListInput) read(name value, path string) ([]byte, error) {
	if name.kind != jsonString || name.text == "" || in.Read == nil {
		return nil, &SyntaxError{Offset: -1, Path: path, Reason: "no file can be read here"}
	}
	text, err := in.Read(name.text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, nil
}

// completeKey takes a key from its file and turns dates into seconds.
func completeKey(k value, path string, in TrustListInput) (value, error) {
	if err := onlyMembers(k, path, "kid", "jwk", "file", "nbf", "exp", "revoked_at", "use"); err != nil {
		return k, err
	}
	if f := k.get("file"); f.kind != absent {
		text, err := in.read(f, path+".file")
		if err != nil {
			return k, err
		}
		v, bad := parseJSON(string(text), path+".file", tokenJSON)
		if bad != nil {
			return k, bad
		}
		if inner := v.get("jwk"); inner.kind == jsonObject { // as keygen prints it
			v = inner.with("kid", v.get("kid"))
		}
		if v.get("d").kind != absent {
			return k, &SyntaxError{Offset: -1, Path: path + ".file", Reason: "a private key: a trust list holds public ones"}
		}
		if kid := v.get("kid"); k.get("kid").kind == absent && kid.kind == jsonString {
			k = k.with("kid", kid)
		}
		k = k.without("file").with("jwk", v.without("kid"))
	}
	jwk := k.get("jwk")
	key, err := keyOf(jwk)
	if err != nil {
		return k, fmt.Errorf("%s.jwk: %w", path, err)
	}
	if jwk.get("d").kind != absent {
		return k, &SyntaxError{Offset: -1, Path: path + ".jwk", Reason: "a private key: a trust list holds public ones"}
	}
	if k.get("kid").kind == absent {
		k = k.with("kid", textValue(key.Thumbprint()))
	}
	for _, name := range []string{"nbf", "exp", "revoked_at"} {
		v := k.get(name)
		if v.kind != jsonString {
			continue
		}
		at, ok := readDay(v.text)
		if !ok {
			return k, &SyntaxError{Offset: -1, Path: path + "." + name, Reason: "neither a day nor an RFC 3339 time"}
		}
		k = k.with(name, numberValue(at.Unix()))
	}
	return k, nil
}

// completeSigner takes the digest of a key from its certificate.
func completeSigner(s value, path string, in TrustListInput) (value, error) {
	if err := onlyMembers(s, path, "dn", "spki#S256", "cert"); err != nil {
		return s, err
	}
	f := s.get("cert")
	if f.kind == absent {
		return s, nil
	}
	text, err := in.read(f, path+".cert")
	if err != nil {
		return s, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return s, &SyntaxError{Offset: -1, Path: path + ".cert", Reason: "no certificate in PEM form"}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return s, fmt.Errorf("%s.cert: %w", path, err)
	}
	if cert.IsCA {
		return s, &SyntaxError{Offset: -1, Path: path + ".cert", Reason: "an authority's certificate: name the one that signs claims"}
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return s.without("cert").with("spki#S256", textValue(base64.RawURLEncoding.EncodeToString(sum[:]))), nil
}

// idle says why an entry could do nothing.
func idle(e *Issuer, path string) error {
	no := func(member, format string, args ...any) error {
		return &SyntaxError{Offset: -1, Path: path + "." + member, Reason: fmt.Sprintf(format, args...)}
	}
	if !strings.Contains(e.ID, ":") {
		return no("id", "%q is no URI", clip(e.ID))
	}
	if len(e.Roles) == 0 {
		return no("roles", "empty")
	}
	signs, speaks := false, false
	for _, name := range e.Roles {
		r, ok := roles[name]
		if !ok {
			return no("roles", "unknown role %q; known: %s", clip(name), strings.Join(slices.Sorted(maps.Keys(roles)), ", "))
		}
		signs = signs || name != "provider"
		speaks = speaks || r.refusal
	}
	switch {
	case signs && len(e.Keys) == 0:
		return no("keys", "missing: nothing that %q signs could be verified", clip(e.ID))
	case !signs && len(e.Keys)+len(e.Signers) == 0:
		return no("signers", "missing: no claim signer would match %q", clip(e.ID))
	case speaks && e.Mode == "":
		return no("subjects", "missing: %q would speak for nobody", clip(e.ID))
	case e.Mode == "list" && len(e.IDs) == 0:
		return no("subjects.ids", "empty: %q would speak for nobody", clip(e.ID))
	}
	for _, id := range e.IDs {
		who, ok := parseSubject(id)
		if !ok {
			return no("subjects.ids", "%q is no scheme:id", clip(id))
		}
		if why := badSubject(who.scheme, who.id); why != "" {
			return no("subjects.ids", "%s", why)
		}
	}
	for i, k := range e.Keys {
		if k.NotBefore != nil && k.Expires != nil && *k.Expires <= *k.NotBefore {
			return no(indexed("keys", i)+".exp", "does not come after nbf")
		}
		for _, u := range k.Use {
			if u != UseToken && u != UseStatus && u != UseRegistry {
				return no(indexed("keys", i)+".use", "unknown use %q; known: token, status, registry", clip(u))
			}
		}
	}
	return nil
}
