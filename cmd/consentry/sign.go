package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/fetch"
	"github.com/consentry/consentry/internal/render"
	"github.com/consentry/consentry/manifest/build"
	"github.com/consentry/consentry/signing"
)

// maxConsentFile bounds a consent assertion. Consent format 1, 2 (Limits).
const maxConsentFile = 1 << 20

// consentLabel is the label of the consent assertion. Consent format 1, 2.
const consentLabel = "io.github.consentry.consent"

// sourceTypes are the terms of the digital source types that C2PA 2.5, 16.4.1 names; another vocabulary is given by its
// address. A term that nobody knows would hide what the declaration is there to say.
var sourceTypes = []string{
	"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "algorithmicMedia",
	"algorithmicallyEnhanced", "dataDrivenMedia", "virtualRecording", "digitalArt", "digitalCreation", "digitalCapture",
	"computationalCapture", "negativeFilm", "positiveFilm", "print", "screenCapture", "composite", "compositeCapture",
	"humanEdits", "minorHumanEdits",
}

// signOptions is the command line of sign, read.
type signOptions struct {
	key, cert   string
	alg         string
	tsa         string
	source      string
	consent     string
	judge       verifyOptions // whom the consent declared is judged against before it is signed
	passphrase  string        // file with the key's passphrase
	block       int64         // bytes of a block of the media; 0: one hash over all
	in, out     string
	now         time.Time
	timeStamper signing.Stamper // in place of tsa, for tests; nil: tsa
}

func (p *program) signCommand() *cli.Command {
	return &cli.Command{
		Name: "sign", Usage: "Add a signed manifest to a video", ArgsUsage: "IN OUT",
		Description: "Writes OUT, a copy of IN with the manifest in it. OUT may be IN itself, which is\n" +
			"then replaced; another file that is there is never written over.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "key", Usage: "`FILE` of the private key (PEM or JWK)"},
			&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` with the key's passphrase; default: ask"},
			&cli.StringFlag{Name: "cert", Usage: "`PEM`: certificates, the signer's first, then its issuers"},
			&cli.StringFlag{Name: "alg", Usage: "`NAME`: es256, ed25519, ml-dsa-65, …; default: by the key"},
			&cli.StringFlag{Name: "tsa", Usage: "`URL` of a time-stamp authority to ask; default: no network"},
			&cli.StringFlag{Name: "source-type", Usage: "`TERM`: digitalSourceType, such as trainedAlgorithmicMedia"},
			&cli.StringFlag{Name: "consent", Usage: "`FILE`: the consent assertion in JSON"},
			&cli.StringFlag{Name: "consent-trust", Usage: "`FILE`: trust list to judge its tokens by before signing"},
			&cli.StringFlag{Name: "consent-steward", Usage: "`JWK` that must have signed that list"},
			&cli.StringSliceFlag{Name: "consent-registry", Usage: "`FILE`: standing orders to hold it against, too"},
			&cli.StringFlag{Name: "consent-status", Usage: "`DIR` of token status lists (*.jwt)"},
			&cli.StringFlag{Name: "merkle", Usage: "`KIB`: bind the media in blocks; default: one hash over all"},
		},
		Action: func(c *cli.Context) error {
			block, err := blockSize(c.String("merkle"))
			if err != nil {
				return err
			}
			if term := c.String("source-type"); term != "" && !strings.Contains(term, "://") && !slices.Contains(sourceTypes, term) {
				return wordError("--source-type", term, sourceTypes)
			}
			o := &signOptions{
				key: c.String("key"), cert: c.String("cert"), alg: c.String("alg"), tsa: c.String("tsa"),
				source: c.String("source-type"), consent: c.String("consent"), block: block, now: time.Now(),
				passphrase: c.String("passphrase-file"),
				judge: verifyOptions{
					noState:      true, // nothing is decided here
					consentTrust: c.String("consent-trust"), consentSteward: c.String("consent-steward"),
					consentRegistry: c.StringSlice("consent-registry"), consentStatus: c.String("consent-status"),
				},
			}
			if o.key == "" || o.cert == "" || c.Args().Len() != 2 {
				return &usageError{Text: "sign needs --key, --cert, and two files", Hint: "consentry sign --key key.pem --cert chain.pem --source-type trainedAlgorithmicMedia in.mp4 out.mp4"}
			}
			o.in, o.out = c.Args().Get(0), c.Args().Get(1)
			if err := keepOthers(o.out, o.in); err != nil {
				return err
			}
			if err := p.beforeSigning(o); err != nil {
				return err
			}
			made, err := p.sign(c.Context, o)
			if err != nil {
				return err
			}
			if o.source == "" {
				p.hintf("%s", withoutSource)
			}
			_, err = fmt.Fprintf(p.stdout, "%s: %d bytes, manifest %s\n", render.Safe(o.out), made.Size, made.Label)
			return err
		},
	}
}

// maxBlock bounds the blocks that media are bound in: damage in one of a gibibyte is hardly found any closer than in the
// whole file.
const maxBlock = 1 << 20

// blockSize reads a number of kibibytes, and gives bytes; an empty text is 0.
func blockSize(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 || n > maxBlock {
		return 0, &usageError{Text: fmt.Sprintf("--merkle %q is no number of KiB from 1 to %d", text, maxBlock), Hint: "1024 suits most files"}
	}
	return n << 10, nil
}

// sign makes the signed file. What the file may be judged by with the same certificates was tried before it is there.
func (p *program) sign(ctx context.Context, o *signOptions) (*build.Made, error) {
	req := build.Request{
		Title: filepath.Base(o.out), Parent: filepath.Base(o.in), Generator: "consentry", Version: toolVersion(),
		Source: o.source, Block: o.block, When: o.now, Now: o.now, Rand: rand.Reader, Stamp: o.timeStamper,
	}
	if err := checkOut(o.out); err != nil {
		return nil, err
	}
	if err := p.readSigner(o, &req); err != nil {
		return nil, err
	}
	if o.tsa != "" {
		req.Stamp = &authority{url: o.tsa}
	}
	if o.consent != "" {
		a, err := readConsentAssertion(o.consent)
		if err != nil {
			return nil, err
		}
		req.Assertions = append(req.Assertions, a)
	}
	made, err := build.File(ctx, o.in, o.out, req)
	var refused *build.RefusedError
	if errors.As(err, &refused) {
		return nil, &hintError{fmt.Errorf("%q: %w", o.in, err), refused.Hint}
	}
	if err != nil {
		return nil, plainError(o.in, err)
	}
	if req.Trust == nil {
		p.warnf("only one certificate was given: whether an authority stands behind it was not checked")
	}
	return made, nil
}

// checkOut refuses a name for the signed file under which it cannot be written.
func checkOut(out string) error {
	info, err := os.Stat(out)
	if err != nil {
		if folder := filepath.Dir(out); !folderThere(folder) {
			return &usageError{Text: fmt.Sprintf("OUT %q: there is no folder %q", out, folder), Hint: "make the folder first, or name another file"}
		}
		return nil
	}
	if info.IsDir() {
		return &usageError{Text: fmt.Sprintf("OUT %q is a folder", out), Hint: "name a file in it"}
	}
	return nil
}

// keepOthers refuses to write over a file that is not the one that is signed.
func keepOthers(out, in string) error {
	there, err := os.Lstat(out)
	if err != nil || there.IsDir() {
		return nil // told elsewhere
	}
	if from, err := os.Stat(in); err == nil && os.SameFile(from, there) {
		return nil
	}
	if to, err := os.Stat(out); err == nil && there.Mode()&os.ModeSymlink != 0 {
		if from, err := os.Stat(in); err == nil && os.SameFile(from, to) {
			return &usageError{Text: fmt.Sprintf("OUT %q is a link to the file that is signed, and links are not written through", out), Hint: "name the file itself as OUT, to have it replaced"}
		}
	}
	return &usageError{Text: fmt.Sprintf("OUT %q is there already", out), Hint: "name another file, or remove it first; IN itself may be named, to be replaced"}
}

func folderThere(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// readSigner reads key and certificates. A root at the end of the chain stays out of the file, where nobody would
// believe it, and is what the finished file is checked against.
func (p *program) readSigner(o *signOptions, req *build.Request) error {
	key, err := p.claimKey(o.key, o.passphrase)
	if err != nil {
		return err
	}
	text, err := readSmall(o.cert, maxPEMFile)
	if err != nil {
		return err
	}
	var chain []*pem.Block
	for rest := text; ; {
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			break
		}
		chain = append(chain, b)
	}
	if n := len(chain); n > 1 {
		last := pem.EncodeToMemory(chain[n-1])
		list, err := signing.ParseAnchors("the chain that was given", last)
		if err != nil {
			return fmt.Errorf("%q: %w", o.cert, err)
		}
		list.EKUs = append(list.EKUs, signing.EKUClaimSigning, signing.EKUEmailProtection, signing.EKUDocumentSigning)
		req.Trust = &signing.Trust{Claim: []signing.List{list}}
		if c, err := x509.ParseCertificate(chain[n-1].Bytes); err == nil && bytes.Equal(c.RawIssuer, c.RawSubject) {
			chain = chain[:n-1]
		}
	}
	text = nil
	for _, b := range chain {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	if req.Signer, err = signing.NewSigner(algorithmName(o.alg), key, text); err != nil {
		return fmt.Errorf("%q with %q: %w", o.key, o.cert, err)
	}
	p.notForAll(req.Signer, o.cert)
	return nil
}

// notForAll says what others will make of a signature that this program itself takes.
func (p *program) notForAll(s *signing.Signer, cert string) {
	if strings.HasPrefix(s.Algorithm(), "ML-DSA") {
		p.hintf("%s came with C2PA 2.5: verifiers that do not know it yet call the signature invalid; es256 and ed25519 are known to all", s.Algorithm())
	}
	if !slices.ContainsFunc(s.Certificate().UnknownExtKeyUsage, signing.EKUClaimSigning.Equal) {
		p.warnf("%q: the extended key usages of the signer's certificate lack that of claims (%s): an anchor given with --trust does not suffice, verify needs --eku with one of them, too", cert, signing.EKUClaimSigning)
	}
}

// algorithmName is the COSE name of an algorithm as people type it.
func algorithmName(name string) string {
	switch n := strings.ToUpper(name); n {
	case "ED25519", "EDDSA":
		return "Ed25519"
	default:
		return n
	}
}

// readConsentAssertion reads the assertion, holds it against the rules of the format, and turns it into CBOR.
func readConsentAssertion(name string) (build.Assertion, error) {
	text, err := readSmall(name, maxConsentFile)
	if err != nil {
		return build.Assertion{}, err
	}
	data, err := build.FromJSON(text)
	if err == nil {
		_, err = consent.ParseAssertion(data, true)
	}
	if err != nil {
		return build.Assertion{}, &hintError{fmt.Errorf("%q: %w", name, err), "nothing was signed; a verifier would call this consent assertion malformed"}
	}
	return build.Assertion{Label: consentLabel, CBOR: data}, nil
}

// authority is a time-stamp authority at an address that the user gave. RFC 3161, 3.4.
type authority struct {
	url    string
	client fetch.Client
}

// Stamp asks for a time-stamp over the message.
func (a *authority) Stamp(ctx context.Context, message []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 63))
	if err != nil {
		return nil, err
	}
	request, err := signing.NewTimestampRequest(message, nonce)
	if err != nil {
		return nil, err
	}
	answer, err := a.client.Post(ctx, a.url, "application/timestamp-query", "application/timestamp-reply", request)
	if err != nil {
		return nil, err
	}
	return signing.ParseTimestampResponse(answer, message, nonce)
}
