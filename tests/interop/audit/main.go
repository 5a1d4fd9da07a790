// A foreign verifier of exported audit logs. It knows nothing of Millwright but the export: trees are those of
// golang.org/x/mod/sumdb/tlog, signatures those of golang.org/x/mod/sumdb/note, as in Go's checksum database.
//
//	verify KEY_FILE FOLDER...
//
// Each FOLDER holds `entries`, `checkpoint`, `checkpoints`, perhaps `remembered` (a checkpoint kept elsewhere) and
// `proofs`. One line each: `FOLDER ok N` or `FOLDER bad REASON`. The key is what the verifier trusts, so it is not taken
// from the folder. Exit status 1 when any is bad.
package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// hashes is the storage of a tree, in tlog's order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, errors.New("beyond the tree")
		}
		out[i] = h[index]
	}
	return out, nil
}

type log struct {
	verifier note.Verifier
	stored   hashes
	size     int64
}

func (l *log) readEntries(name string) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	for len(content) > 0 {
		end := bytes.IndexByte(content, '\n')
		if end < 0 {
			return errors.New("the last entry has no end")
		}
		more, err := tlog.StoredHashes(l.size, content[:end], l.stored)
		if err != nil {
			return err
		}
		l.stored = append(l.stored, more...)
		l.size++
		content = content[end+1:]
	}
	return nil
}

// head opens a signed note and reads the tree in it. Base64 with stray spare bits is another spelling of the same
// signature; note.Open lets it pass, this does not.
func (l *log) head(text []byte) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(text, note.VerifierList(l.verifier))
	if err != nil {
		return tree, err
	}
	for _, signature := range append(opened.Sigs, opened.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return tree, err
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != l.verifier.Name() {
		return tree, errors.New("not a checkpoint of this log")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || tree.N < 0 || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, errors.New("the size is no number")
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// continues proves that the entries hold the tree as an earlier state.
func (l *log) continues(tree tlog.Tree) error {
	if tree.N > l.size {
		return fmt.Errorf("the checkpoint covers %d entries, %d are there", tree.N, l.size)
	}
	root, err := tlog.TreeHash(tree.N, l.stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the root of %d entries is not the signed one", tree.N)
	}
	if tree.N == 0 {
		return nil
	}
	whole, err := tlog.TreeHash(l.size, l.stored)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(l.size, tree.N, l.stored)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, l.size, whole, tree.N, tree.Hash)
}

// checkAll reads the kept checkpoints: notes with an empty line behind each.
func (l *log) checkAll(content []byte) (last []byte, err error) {
	size := int64(-1)
	for len(content) > 0 {
		signature := bytes.Index(content, []byte("\n\n\u2014 "))
		if signature < 0 {
			return nil, errors.New("rubbish among the checkpoints")
		}
		end := bytes.Index(content[signature+2:], []byte("\n\n"))
		if end < 0 {
			return nil, errors.New("the last checkpoint has no end")
		}
		last = content[:signature+2+end+1]
		content = content[len(last)+1:]
		tree, err := l.head(last)
		if err != nil {
			return nil, err
		}
		if tree.N <= size {
			return nil, errors.New("checkpoints out of order")
		}
		size = tree.N
		if err := l.continues(tree); err != nil {
			return nil, err
		}
	}
	return last, nil
}

// checkProofs reads proofs that the other side made: `record INDEX HASH...` or `tree SIZE HASH...`.
func (l *log) checkProofs(content string, head tlog.Tree) error {
	for _, line := range strings.Split(strings.TrimSuffix(content, "\n"), "\n") {
		words := strings.Fields(line)
		if len(words) < 2 {
			return errors.New("no proof")
		}
		number, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return err
		}
		var path []tlog.Hash
		for _, word := range words[2:] {
			hash, err := tlog.ParseHash(word)
			if err != nil {
				return err
			}
			path = append(path, hash)
		}
		if words[0] == "record" {
			err = tlog.CheckRecord(path, head.N, head.Hash, number, l.stored[tlog.StoredHashIndex(0, number)])
		} else {
			root, failed := tlog.TreeHash(number, l.stored)
			if failed != nil {
				return failed
			}
			err = tlog.CheckTree(path, head.N, head.Hash, number, root)
		}
		if err != nil {
			return fmt.Errorf("%s %d: %w", words[0], number, err)
		}
	}
	return nil
}

func verify(key string, folder string) (int64, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, err
	}
	l := &log{verifier: verifier}
	if err := l.readEntries(filepath.Join(folder, "entries")); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return 0, err
	}
	head, err := l.head(text)
	if err != nil {
		return 0, err
	}
	if head.N != l.size {
		return 0, fmt.Errorf("the checkpoint covers %d entries, %d are there", head.N, l.size)
	}
	if err := l.continues(head); err != nil {
		return 0, err
	}
	kept, err := os.ReadFile(filepath.Join(folder, "checkpoints"))
	if err != nil {
		return 0, err
	}
	last, err := l.checkAll(kept)
	if err != nil {
		return 0, err
	}
	if !bytes.Equal(last, text) {
		return 0, errors.New("the checkpoint is not the last one")
	}
	if remembered, err := os.ReadFile(filepath.Join(folder, "remembered")); err == nil {
		tree, err := l.head(remembered)
		if err == nil {
			err = l.continues(tree)
		}
		if err != nil {
			return 0, fmt.Errorf("remembered: %w", err)
		}
	}
	if proofs, err := os.ReadFile(filepath.Join(folder, "proofs")); err == nil {
		if err := l.checkProofs(string(proofs), head); err != nil {
			return 0, err
		}
	}
	return l.size, nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify KEY_FILE FOLDER...")
		os.Exit(2)
	}
	key, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	status := 0
	for _, folder := range os.Args[2:] {
		size, err := verify(strings.TrimSpace(string(key)), folder)
		if err != nil {
			status = 1
			fmt.Printf("%s bad %s\n", filepath.Base(folder), strings.ReplaceAll(err.Error(), "\n", " "))
		} else {
			fmt.Printf("%s ok %d\n", filepath.Base(folder), size)
		}
	}
	os.Exit(status)
}
