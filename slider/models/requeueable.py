"""What an operator may send on its way once more, as SQL: the page that shows it and the hand that does it agree.

Both take `%(task)s`, and `%(upto)s`, the highest id that was shown: what came later is left alone.
"""

GIVEN_UP = "none"  # the outcome of what was tried too often and has no attempt to show for it

# Items that wait for people since no usable answer came, and that nobody has touched: their look may go without a
# trace. `%(outcome)s` is one outcome of their attempts, or empty for all.
NO_ANSWER = """
FROM slider_decision d JOIN slider_item i ON i.id = d.item_id LEFT JOIN slider_attempt a ON a.id = d.attempt_id
WHERE d.task_id = %(task)s AND d.why = 'no_answer' AND d.item_id <= %(upto)s AND i.state = 'review'
  AND (%(outcome)s = '' OR coalesce(a.outcome, 'none') = %(outcome)s)
  AND NOT EXISTS (
      SELECT FROM slider_review r WHERE r.item_id = i.id
      AND (r.kind NOT IN ('gate', 'peer') OR r.state NOT IN ('open', 'waiting') OR r.token <> 0 OR r.for_lead
           OR r.declined OR r.assignee_id IS NOT NULL
           OR EXISTS (SELECT FROM slider_handing h WHERE h.review_id = r.id)
           OR EXISTS (SELECT FROM slider_decline s WHERE s.review_id = r.id))
  )
"""

# Parcels of a task that were given up, and those that failed and wait for a later try. A sender that has one in its
# hands right now holds it for less than a minute. What was deleted can't be sent any more.
STUCK = """
FROM slider_parcel p JOIN slider_endpoint e ON e.id = p.endpoint_id
WHERE e.task_id = %(task)s AND e.removed_at IS NULL AND p.id <= %(upto)s AND p.event <> 'webhook.test'
  AND (p.state = 'failed'
       OR p.state = 'due' AND p.tries > 0 AND p.next_try_at > clock_timestamp() + interval '1 minute')
  AND NOT EXISTS (
      SELECT FROM slider_publication o JOIN slider_emptied x ON x.item_id = o.item_id WHERE o.id = p.publication_id
  )
"""
