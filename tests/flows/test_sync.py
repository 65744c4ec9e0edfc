"""x"""
from flows.sync import sync
import time, pytest

@pytest.mark.mock(seed=5, cases=30)
def test_x(signed_in, run, account, ):
    import cProfile, pstats
    t=time.time()
    pr=cProfile.Profile(); pr.enable()
    report = run(sync(signed_in, (account,)))
    pr.disable()
    print(time.time()-t)
    pstats.Stats(pr).sort_stats("tottime").print_stats(18)
    assert report.exit_code == 0
