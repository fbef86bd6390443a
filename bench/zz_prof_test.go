package bench
import ("testing";"context";"os";"ppl/runtime";"fmt";"time")
func TestZZProf(t *testing.T){
 m,err:=runtime.CompileFile(os.Getenv("ZM")); if err!=nil {t.Fatal(err)}
 p,err:=m.Bind(runtime.Files(context.Background(), os.Getenv("ZD"))); if err!=nil {t.Fatal(err)}
 b:=time.Now()
 post,err:=p.Fit(context.Background(), runtime.Options{Seed:1}); if err!=nil {t.Fatal(err)}
 fmt.Println(time.Since(b), post.Verdict, post.Reasons, post.Evaluations(), post.Ended(), post.Particles())
}
