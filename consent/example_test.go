package consent_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/consentry/consentry/consent"
)

// A generator is asked for a clip with somebody's face. Before it spends a second on it, it asks whether it may, with the
// declaration that it would sign afterwards; with a grant of the person it may.
func ExampleAsk() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	mine := &consent.Signer{SPKI: digestOf("the SubjectPublicKeyInfo of the certificate that signs my claims")}

	// Who is trusted: in life this list comes from a steward, and the person signs with a key of their own.
	person, err := consent.GenerateKey(consent.AlgEdDSA)
	if err != nil {
		log.Fatal(err)
	}
	list, err := consent.ParseTrustList([]byte(fmt.Sprintf(`{"v": 1, "sequence": 1, "entries": [
		{"id": "https://person.example", "roles": ["performer"], "subjects": {"mode": "list", "ids": ["hand:10.23/01-ABC"]},
		 "keys": [{"kid": %q, "jwk": %s}]},
		{"id": "https://generator.example", "roles": ["provider"], "signers": [{"spki#S256": %q}]}]}`,
		person.Public.Thumbprint(), person.Public.JWK(), mine.SPKI)))
	if err != nil {
		log.Fatal(err)
	}
	grant, err := consent.Mint(consent.MintInput{Key: person, Now: now, Claims: []byte(`
iss: https://person.example
sub: hand:10.23/01-ABC
aud: https://generator.example
exp: +6d
consent: {type: grant, modality: [face], operation: [generate], purpose: [entertainment], subject_status: adult, authority: self, custody: self}
`)})
	if err != nil {
		log.Fatal(err)
	}

	declaration := map[string]any{
		"v": 1, "completeness": "complete",
		"people": []any{map[string]any{
			"id": "p1", "kind": "real", "rendering": "replica", "modality": []string{"face"},
			"subject": map[string]any{"scheme": "hand", "id": "10.23/01-ABC"}, "tokens": []int{0},
		}},
		"tokens":     []any{map[string]any{"jwt": grant}},
		"generation": map[string]any{"provider": "https://generator.example", "purpose": []string{"commercial.advertising"}},
	}
	for _, purpose := range []string{"commercial.advertising", "entertainment.scripted"} {
		declaration["generation"].(map[string]any)["purpose"] = []string{purpose}
		text, err := json.Marshal(declaration)
		if err != nil {
			log.Fatal(err)
		}
		a, err := consent.Ask(consent.Question{Assertion: text, Signer: mine, At: now, Trust: &consent.Trust{List: list}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(purpose, a.May, a.Because)
	}
	// Output:
	// commercial.advertising false [p1 is out-of-scope: the token does not cover the purpose]
	// entertainment.scripted true []
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
