//go:build !(amd64 || arm64 || riscv64 || ppc64le || s390x || loong64 || mips64le)

package report

// Every package that judges files imports this one. Sizes and offsets of files over 4 GiB must fit an int: on 32 bits a
// declared length could wrap to a small one that passes a limit.
var _ = only64BitSystemsAreSupported
