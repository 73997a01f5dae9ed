package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/consentry/consentry/consent"
	"github.com/consentry/consentry/internal/pkcs8"
)

// maxPassphrase bounds the file of a passphrase, in bytes.
const maxPassphrase = 1 << 10

// keyFlags are the flags of whatever signs.
func keyFlags(who string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "key", Usage: "`FILE` of " + who + " private key (PEM or JWK)"},
		&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` with the key's passphrase; default: ask"},
		&cli.StringFlag{Name: "kid", Usage: "`ID` of the key in the trust list; default its thumbprint"},
	}
}

// keyText reads a private key, and takes its encryption off.
func (p *program) keyText(name, passphraseFile string) ([]byte, error) {
	text, err := readSmall(name, maxKeyFile)
	if err != nil || !pkcs8.Is(text) {
		return text, err
	}
	passphrase, err := p.passphrase(passphraseFile, fmt.Sprintf("passphrase of %q", name))
	if err != nil {
		return nil, err
	}
	if text, err = pkcs8.Decrypt(text, passphrase); err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return text, nil
}

// claimKey reads the key that signs a claim, as PEM: RSA keys, which sign no token, are among them.
func (p *program) claimKey(name, passphraseFile string) ([]byte, error) {
	text, err := p.keyText(name, passphraseFile)
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return text, err
	}
	key, err := consent.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return key.PEM()
}

// signingKey reads the key that --key names.
func (p *program) signingKey(c *cli.Context) (*consent.PrivateKey, error) {
	name := c.String("key")
	text, err := p.keyText(name, c.String("passphrase-file"))
	if err != nil {
		return nil, err
	}
	key, err := consent.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", name, err)
	}
	return key, nil
}

// passphrase reads a passphrase: the first line of a file, or from the terminal, which does not show it. It is never
// taken from the command line, where other users of the machine can read it.
func (p *program) passphrase(file, prompt string) ([]byte, error) {
	if file != "" {
		text, err := readSmall(file, maxPassphrase)
		if err != nil {
			return nil, err
		}
		line, _, _ := bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
			return nil, fmt.Errorf("%q: its first line is empty", file)
		}
		return line, nil
	}
	in, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, &hintError{fmt.Errorf("a passphrase is needed, and there is no terminal to ask"), "give --passphrase-file FILE"}
	}
	fmt.Fprintf(p.stderr, "consentry: %s: ", prompt)
	line, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(p.stderr)
	if err == nil && len(line) == 0 {
		err = fmt.Errorf("no passphrase")
	}
	return line, err
}

// sealKey encrypts a new key. A passphrase that is typed is typed twice.
func (p *program) sealKey(text []byte, file string) ([]byte, error) {
	passphrase, err := p.passphrase(file, "passphrase for the new key")
	if err != nil {
		return nil, err
	}
	if file == "" {
		again, err := p.passphrase("", "once more")
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(again, passphrase) {
			return nil, fmt.Errorf("the two passphrases differ; no key was made")
		}
	}
	sealed, err := pkcs8.Encrypt(text, passphrase, rand.Reader)
	if err != nil {
		return nil, err
	}
	back, err := pkcs8.Decrypt(sealed, passphrase)
	if err != nil || !bytes.Equal(back, text) {
		return nil, fmt.Errorf("the encrypted key does not read back")
	}
	return sealed, nil
}

// put writes what was made: to a file that appears whole or not at all, or to standard output.
func (p *program) put(name string, text []byte, inputs ...string) error {
	out, err := p.openAnswer(name, inputs)
	if err != nil {
		return err
	}
	defer out.abandon()
	if _, err := io.Copy(out, bytes.NewReader(text)); err != nil {
		return err
	}
	return out.commit()
}
