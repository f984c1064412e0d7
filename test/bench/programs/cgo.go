// A Go program that uses C: dynamically linked, with libc's start-up code and threads.
package main

/*
#include <stdlib.h>
#include <string.h>
static int length(const char *s) { return (int)strlen(s); }
static __thread int counter;
static int count(void) { return ++counter; }
*/
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"unsafe"
)

func cLength(s string) int {
	text := C.CString(s)
	defer C.free(unsafe.Pointer(text))
	return int(C.length(text))
}

func main() {
	var wait sync.WaitGroup
	var sum sync.Map
	for i := 0; i < 8; i++ {
		wait.Add(1)
		go func(i int) {
			defer wait.Done()
			sum.Store(i, cLength(fmt.Sprint("goroutine", i))+min(int(C.count()), 1))
		}(i)
	}
	wait.Wait()
	total := 0
	sum.Range(func(_, v any) bool { total += v.(int); return true })
	out, err := exec.Command("sh", "-c", "echo sub; exit 3").Output()
	fmt.Printf("%d %q %v %q\n", total, out, err, os.Args[1:])
	self, err := os.Executable()
	fmt.Println(self == os.Args[0], err)
	if len(os.Args) < 2 {
		return
	}
	switch os.Args[1] {
	case "panic":
		panic("as asked")
	case "exit":
		os.Exit(4)
	case "signal":
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		fmt.Println(<-c)
		signal.Reset()
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		select {}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}
